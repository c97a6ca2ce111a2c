"""Which customers belong to which audience."""

import pandas as pd

from ml.contracts.offers import MEMBERS
from ml.promotions.audiences.holdout import hold_out


def members(segments: pd.DataFrame, customers: pd.DataFrame, holdout_share: float) -> pd.DataFrame:
    """Rows of MEMBERS: who may be targeted and is not held out, by segment.

    Args:
        segments: rows of CUSTOMER_SEGMENTS; none where the day has no segments.
        customers: customer_id and may_be_targeted of DIM_CUSTOMERS.
        holdout_share: of the customers who may be targeted, 0 to 1.
    """
    drawn = hold_out(customers.loc[customers["may_be_targeted"], "customer_id"], holdout_share)
    targeted = drawn.loc[~drawn["is_held_out"], "customer_id"]
    rows = segments.loc[segments["customer_id"].isin(targeted), MEMBERS.column_names]
    return rows.reset_index(drop=True)
