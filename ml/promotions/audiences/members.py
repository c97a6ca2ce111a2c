"""Which customers belong to which audience."""

from datetime import date

import pandas as pd

from ml import lake
from ml.contracts.marts import (
    DIM_CUSTOMERS,
)
from ml.contracts.offers import MEMBERS
from ml.contracts.profiles import CUSTOMER_SEGMENTS
from ml.promotions.audiences.holdout import hold_out


def members(as_of: date, holdout_share: float) -> pd.DataFrame:
    """Rows of MEMBERS; none where the day has no segments."""
    if as_of not in lake.partitions(CUSTOMER_SEGMENTS):
        return pd.DataFrame(columns=MEMBERS.column_names)
    segments = lake.read(CUSTOMER_SEGMENTS, as_of, MEMBERS.column_names)
    customers = lake.read(DIM_CUSTOMERS, as_of, ["customer_id", "may_be_targeted"])
    drawn = hold_out(customers.loc[customers["may_be_targeted"], "customer_id"], holdout_share)
    targeted = drawn.loc[~drawn["is_held_out"], "customer_id"]
    return segments[segments["customer_id"].isin(targeted)].reset_index(drop=True)
