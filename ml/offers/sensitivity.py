"""Who answers more than others to an offer, by the propensity model's champion.

The demand model says what a message adds on average: its mailer's log lift. The propensity model
says, for each customer and category, how much oftener the category is bought with an offer than
without. Only how customers differ in that is used: a lift observed at the shelf is no measure of
a message, whose own effect is the mailer's.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml import lake
from ml.arrays import Floats
from ml.contracts.outputs import CUSTOMER_PROPENSITY

MOST = 3.0  # times the average: what is observed of one customer is little
SUREST = 1 - 1e-9  # a chance of 1 has no rate


@dataclass(frozen=True)
class Eagerness:
    """`share`: log lift over its category's mean, by customer_id and category.

    `category` by product_id.
    """

    share: pd.Series
    category: pd.Series

    def of(self, customer: pd.Series, product: pd.Series) -> Floats:
        """(rows,), 1 on average; 1 where the model does not know customer or category."""
        wanted = pd.MultiIndex.from_arrays([customer, product.map(self.category)])
        return self.share.reindex(wanted).fillna(1.0).to_numpy(float)


def eagerness(propensities: pd.DataFrame, products: pd.DataFrame) -> Eagerness:
    """From rows of CUSTOMER_PROPENSITY and DIM_PRODUCTS.

    The log lift is that of purchases a week, -log(1 - chance), as the allocation counts them.
    """
    rates = [-np.log1p(-propensities[f"week_{w}"].clip(1e-12, SUREST)) for w in ("with", "without")]
    lift = np.log(rates[0] / rates[1])
    mean = lift.groupby(propensities["category"]).transform("mean")
    share = (lift / mean.where(mean > 0)).fillna(1.0).clip(0.0, MOST)
    pairs = pd.MultiIndex.from_frame(propensities[["customer_id", "category"]])
    return Eagerness(
        pd.Series(share.to_numpy(), index=pairs), products.set_index("product_id")["category"]
    )


def read_eagerness(as_of: date, products: pd.DataFrame) -> Eagerness | None:
    """That of the day, with rows of DIM_PRODUCTS; None where no propensity model served."""
    if as_of not in lake.partitions(CUSTOMER_PROPENSITY):
        return None
    wanted = ["customer_id", "category", "week_without", "week_with"]
    return eagerness(lake.read(CUSTOMER_PROPENSITY, as_of, wanted), products)
