"""What telling a customer of a promotion adds: purchases with the message less those without.

A customer buys a product so many times a week, estimated from the customer's own decayed
purchases and drawn towards what all customers buy (a gamma prior on a Poisson rate: Gelman et al.,
"Bayesian Data Analysis", 3rd ed. 2013, ch. 2.6). The promotion raises that for everybody. A message
moves its reader as the mailer moves the shop: by the demand model's own mailer lift, more or less
where a propensity model says who answers to offers (`eagerness`).
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.contracts.dbt_vars import PURCHASE_HALF_LIFE_DAYS
from ml.offers.sensitivity import Eagerness

HALF_LIFE_WEEKS = PURCHASE_HALF_LIFE_DAYS / 7  # of FCT_CUSTOMER_PRODUCTS' decayed purchases
PRIOR_WEEKS = 8.0  # how many weeks of a customer's own what all customers buy counts for
MOST_LIFT = float(np.log(3.0))  # a message never more than triples a rate


@dataclass(frozen=True)
class Bought:
    """What customers bought before `as_of`.

    `pairs`: rows of FCT_CUSTOMER_PRODUCTS. `first_visit_on` by customer_id, of every customer.
    `mailer_lift`: log lift by product_id. `eagerness`: None moves everybody alike.
    """

    as_of: date
    pairs: pd.DataFrame
    first_visit_on: pd.Series
    mailer_lift: pd.Series
    eagerness: Eagerness | None = None

    @property
    def exposure(self) -> pd.Series:
        """Decayed weeks since each customer's first visit: what decayed purchases count over."""
        weeks = (pd.Timestamp(self.as_of) - pd.to_datetime(self.first_visit_on)).dt.days / 7
        return HALF_LIFE_WEEKS / np.log(2) * (1 - 0.5 ** (weeks / HALF_LIFE_WEEKS))

    def weekly_rate(self, customer: pd.Series, product: pd.Series) -> Floats:
        """Purchases a week of each customer's product, (rows,)."""
        exposure = self.exposure
        of_product = self.pairs.groupby("product_id")["decayed_purchases"].sum()
        usual = product.map(of_product).fillna(0.0) / max(float(exposure.sum()), 1e-9)
        own = self.pairs.set_index(["customer_id", "product_id"])["decayed_purchases"]
        mine = own.reindex(pd.MultiIndex.from_arrays([customer, product])).fillna(0.0)
        weeks = customer.map(exposure).fillna(0.0)
        rate = (mine.to_numpy() + PRIOR_WEEKS * usual) / (weeks + PRIOR_WEEKS)
        return rate.to_numpy(float)

    def units_a_purchase(self, product: pd.Series) -> Floats:
        """Items that a basket with the product holds on average, (rows,)."""
        sums = self.pairs.groupby("product_id")[["units", "purchases"]].sum()
        return product.map(sums["units"] / sums["purchases"]).fillna(1.0).to_numpy(float)

    def message_lift(self, customer: pd.Series, product: pd.Series) -> Floats:
        """Log of what a message multiplies the rate by, (rows,)."""
        lift = product.map(self.mailer_lift).fillna(0.0).to_numpy(float)
        if self.eagerness is not None:
            lift = lift * self.eagerness.of(customer, product)
        return np.clip(lift, 0.0, MOST_LIFT)


def valued(candidates: pd.DataFrame, lines: pd.DataFrame, bought: Bought) -> pd.DataFrame:
    """Candidate offers with their chances, gain and markdown.

    Args:
        candidates: customer_id and promotion_id, one row each, and what else is to be kept.
        lines: rows of PLAN.
        bought: what chances are estimated from.

    Returns:
        `candidates` with chance_without and chance_with a message (of a purchase in the promoted
        week), incremental_margin and markdown, both expected, in money, on what is bought more.
    """
    line = lines.set_index("promotion_id").loc[candidates["promotion_id"]].reset_index()
    customer, product = candidates["customer_id"].reset_index(drop=True), line["product_id"]
    raised = line["expected_units"] / line["baseline_units"].clip(lower=1e-9) - 1
    response = (1 + raised / line["audience_share"]).clip(lower=0.0)
    lift = bought.message_lift(customer, product)
    without = bought.weekly_rate(customer, product) * response
    chance_without, chance_with = -np.expm1(-without), -np.expm1(-without * np.exp(lift))
    more = (chance_with - chance_without) * bought.units_a_purchase(product)
    return candidates.reset_index(drop=True).assign(
        chance_without=chance_without,
        chance_with=chance_with,
        incremental_margin=more * (line["promo_price"] - line["unit_cost"]),
        markdown=more * (line["regular_price"] - line["promo_price"]),
    )
