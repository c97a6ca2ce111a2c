"""The tables of one as-of date that a plan is made from."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from ml import lake
from ml.config.policy import Policy
from ml.contracts.marts import (
    AGG_CATEGORY_BASKET_SALES_HISTOGRAM,
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    DIM_CUSTOMERS,
    DIM_PRODUCTS,
    FCT_BASKETS,
    FCT_CUSTOMER_PRODUCTS,
    FCT_PRODUCT_PAIRS,
    FCT_PRODUCT_WEEKS,
)
from ml.contracts.outputs import EFFECTS, FORECASTS, RESPONSES, STOCK
from ml.contracts.profiles import CUSTOMER_SEGMENTS, DIM_AUDIENCES
from ml.promotions.audiences.audience import Audience
from ml.promotions.audiences.segments import SENSITIVITY, AudienceTables, make_audiences
from ml.promotions.economics.items import Items
from ml.promotions.economics.retention import late_share
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


CUSTOMER_COLUMNS = [
    "customer_id",
    "may_be_targeted",
    "recency_days",
    "mean_days_between_visits",
    *SENSITIVITY,
]
PURCHASE_COLUMNS = ["customer_id", "product_id", "decayed_purchases", "sales"]
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
    """Read the tables of as_of that a plan under the policy needs, each once.

    Raises:
        LakeError: a table is missing.
    """
    forecasts = lake.read(FORECASTS, as_of)
    by_customer = ["customer_id", "units"] if policy.audiences else []
    responses, products = lake.read(RESPONSES, as_of), lake.read(DIM_PRODUCTS, as_of)
    baskets = lake.read(FCT_BASKETS, as_of, ["sold_on", *by_customer])
    quantities = lake.read(AGG_PRODUCT_BASKET_UNITS_HISTOGRAM, as_of)
    late: pd.Series = NONE_LATE
    audiences: tuple[Audience, ...] = ()
    if policy.audiences or policy.objective.retention:
        customers = lake.read(DIM_CUSTOMERS, as_of, CUSTOMER_COLUMNS)
        purchases = lake.read(FCT_CUSTOMER_PRODUCTS, as_of, PURCHASE_COLUMNS)
        if policy.objective.retention:
            late = late_share(customers, purchases)
        if policy.audiences:
            tables = AudienceTables(
                audiences=lake.read(DIM_AUDIENCES, as_of, ["audience_id", "audience"]),
                segments=_segments(as_of),
                customers=customers,
                purchases=purchases,
                products=products,
                baskets=baskets,
                quantities=quantities,
                responses=responses,
            )
            audiences = make_audiences(tables, policy.audiences, policy.holdout_share)
    return PlanInputs(
        forecasts=forecasts,
        responses=responses,
        stock=lake.read(STOCK, as_of),
        products=products,
        weeks=lake.read(FCT_PRODUCT_WEEKS, as_of, columns=SHARES),
        baskets=baskets,
        quantities=quantities,
        spend=lake.read(AGG_CATEGORY_BASKET_SALES_HISTOGRAM, as_of),
        pairs=lake.read(FCT_PRODUCT_PAIRS, as_of),
        announced=announced(as_of),
        promoted=promoted_before(as_of, forecasts["week_start_date"].min()),
        effects=lake.read(EFFECTS, as_of),
        late=late,
        audiences=audiences,
    )


def _segments(as_of: date) -> pd.DataFrame:
    """The day's segments; none where it has none."""
    if as_of not in lake.partitions(CUSTOMER_SEGMENTS):
        return pd.DataFrame(columns=CUSTOMER_SEGMENTS.column_names)
    return lake.read(CUSTOMER_SEGMENTS, as_of)
