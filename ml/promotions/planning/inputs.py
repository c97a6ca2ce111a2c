"""The tables of one as-of date that a plan is made from."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from ml import lake
from ml.config.policy import Policy
from ml.contracts.marts import (
    AGG_CATEGORY_BASKET_SALES_HISTOGRAM,
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    DIM_PRODUCTS,
    FCT_BASKETS,
    FCT_PRODUCT_PAIRS,
    FCT_PRODUCT_WEEKS,
)
from ml.contracts.outputs import EFFECTS, FORECASTS, RESPONSES, STOCK
from ml.promotions.audiences.audience import Audience
from ml.promotions.audiences.segments import read_audiences
from ml.promotions.economics.items import Items
from ml.promotions.economics.retention import read_late_share
from ml.promotions.mechanics.baskets import Habits, observe
from ml.releases.schedule import announced, promoted_before

INPUTS = (
    FORECASTS,
    RESPONSES,
    STOCK,
    DIM_PRODUCTS,
    FCT_PRODUCT_WEEKS,
    FCT_BASKETS,
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    AGG_CATEGORY_BASKET_SALES_HISTOGRAM,
    FCT_PRODUCT_PAIRS,
    EFFECTS,
)


NONE_LATE = pd.Series(dtype=float)
SHARES = ["product_id", "week_start_date", "display_share", "mailer_share"]


@dataclass(frozen=True)
class PlanInputs:
    """The tables of one as-of date that a plan is made from, and the schedule live before it.

    `promoted` is what was on promotion before the weeks that are planned (`promoted_before`);
    `late` is `retention.late_share` and `audiences` those of the day where the policy asks.
    """

    forecasts: pd.DataFrame
    responses: pd.DataFrame
    stock: pd.DataFrame
    products: pd.DataFrame
    weeks: pd.DataFrame
    baskets: pd.DataFrame
    quantities: pd.DataFrame
    spend: pd.DataFrame
    pairs: pd.DataFrame
    announced: pd.DataFrame
    promoted: pd.DataFrame
    effects: pd.DataFrame
    late: pd.Series
    audiences: tuple[Audience, ...] = ()

    def habits(self, items: Items) -> Habits:
        """What baskets show of the items, in their order."""
        return observe(
            items.product_id,
            items.category,
            self.quantities,
            self.spend,
            self.pairs,
            self.baskets["sold_on"],
        )


def read_inputs(as_of: date, policy: Policy) -> PlanInputs:
    """Read the tables of as_of that a plan under the policy needs.

    Raises:
        LakeError: a table is missing.
    """
    forecasts = lake.read(FORECASTS, as_of)
    return PlanInputs(
        forecasts=forecasts,
        responses=lake.read(RESPONSES, as_of),
        stock=lake.read(STOCK, as_of),
        products=lake.read(DIM_PRODUCTS, as_of),
        weeks=lake.read(FCT_PRODUCT_WEEKS, as_of, columns=SHARES),
        baskets=lake.read(FCT_BASKETS, as_of, columns=["sold_on"]),
        quantities=lake.read(AGG_PRODUCT_BASKET_UNITS_HISTOGRAM, as_of),
        spend=lake.read(AGG_CATEGORY_BASKET_SALES_HISTOGRAM, as_of),
        pairs=lake.read(FCT_PRODUCT_PAIRS, as_of),
        announced=announced(as_of),
        promoted=promoted_before(as_of, forecasts["week_start_date"].min()),
        effects=lake.read(EFFECTS, as_of),
        late=read_late_share(as_of) if policy.objective.retention else NONE_LATE,
        audiences=(
            read_audiences(as_of, policy.audiences, policy.holdout_share)
            if policy.audiences
            else ()
        ),
    )
