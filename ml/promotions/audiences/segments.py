"""For whom promotions are made beside all customers: segments, what they buy, how they respond.

A promotion for a segment is had by its members alone, so only their share of the demand responds
to it and is paid for. Who may not be targeted and who is held out is a member of none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.config.policy import Targeting
from ml.contracts.marts import DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS
from ml.contracts.profiles import CUSTOMER_SEGMENTS, DIM_AUDIENCES
from ml.errors import LakeError
from ml.promotions.audiences.audience import Audience
from ml.promotions.audiences.members import members

READ = (
    CUSTOMER_SEGMENTS,
    DIM_AUDIENCES,
    DIM_CUSTOMERS,
    FCT_CUSTOMER_PRODUCTS,
)
WORTH_OF_PRIOR = 10.0  # decayed purchases that the share in the wider group counts for
PRIOR_CUSTOMERS = 50.0  # members that an average response counts for
SENSITIVITY = ["discounted_share", "saved_share"]
SPENT = ("observed", "expected")  # on discount
SURE = (0.01, 0.99)  # a share of none or all has no odds
RESPONSES_WITHIN = (0.5, 2.0)
LEAST_RISE = 0.05  # of log demand on the usual discount: less tells nobody's apart


def require_segments(will_be_written: bool) -> None:
    """Refuse to wait for segments that will not be written.

    Raises:
        LakeError: their stage failed.
    """
    if not will_be_written:
        raise LakeError(
            "policy.yml names audiences, and the stage that writes the customers' segments has "
            "failed; expected the segments of the day: see its log and run it again, or take the "
            "audiences out of the policy"
        )


@dataclass(frozen=True)
class AudienceTables:
    """What audiences are made from: rows of the contracts that the fields are named for."""

    audiences: pd.DataFrame
    segments: pd.DataFrame
    customers: pd.DataFrame
    purchases: pd.DataFrame
    products: pd.DataFrame
    baskets: pd.DataFrame
    quantities: pd.DataFrame
    responses: pd.DataFrame


def make_audiences(
    tables: AudienceTables, rules: Sequence[Targeting], holdout_share: float
) -> tuple[Audience, ...]:
    """The day's segments that a rule names, by audience_id."""
    named = tables.audiences
    names = dict(zip(named["audience_id"], named["audience"], strict=True))
    asked = [key for key, name in names.items() if any(rule.names(key, name) for rule in rules)]
    belong = members(tables.segments, tables.customers, holdout_share)
    belong = belong[belong["audience_id"].isin(asked)]
    baskets, category = tables.baskets, tables.products.set_index("product_id")["category"]
    identified = baskets.loc[baskets["customer_id"].notna(), "units"].sum()
    of_identified = identified / baskets["units"].sum()
    shares = units_shares(tables.purchases, belong, category) * of_identified
    relative = relative_responses(
        tables.purchases,
        belong,
        tables.customers.set_index("customer_id"),
        tables.quantities,
        float(tables.responses["elasticity"].mean()),
    )
    everybody = len(tables.customers)
    size = belong["audience_id"].value_counts()
    return tuple(
        Audience(key, names[key], shares[key], float(size[key]) / everybody, float(relative[key]))
        for key in _ids(belong)
    )


def units_shares(bought: pd.DataFrame, belong: pd.DataFrame, category: pd.Series) -> pd.DataFrame:
    """The part of each product's purchases that each audience makes, (product_id) x (audience_id).

    Few purchases say little: a product's shares are drawn to its category's, and those to the
    shop's (posterior means under a beta prior; Gelman et al., "Bayesian Data Analysis", 3rd ed.
    2013, ch. 2.4). Sums fade as FCT_CUSTOMER_PRODUCTS' decayed purchases do.

    Args:
        bought: rows of FCT_CUSTOMER_PRODUCTS.
        belong: rows of MEMBERS.
        category: by product_id.
    """
    of = bought.merge(belong, on="customer_id")
    own = of.pivot_table("decayed_purchases", "product_id", "audience_id", "sum")
    total = bought.groupby("product_id")["decayed_purchases"].sum().reindex(category.index)
    total = total.fillna(0.0)
    own = own.reindex(category.index, columns=_ids(belong)).fillna(0.0)
    shop = own.sum() / max(total.sum(), 1e-9)
    wide_own, wide = own.groupby(category).sum(), total.groupby(category).sum()
    wider = (wide_own + WORTH_OF_PRIOR * shop).div(wide + WORTH_OF_PRIOR, axis=0)
    prior = wider.reindex(category).set_axis(category.index)
    return (own + WORTH_OF_PRIOR * prior).div(total + WORTH_OF_PRIOR, axis=0)


def relative_responses(
    bought: pd.DataFrame,
    belong: pd.DataFrame,
    profiles: pd.DataFrame,
    quantities: pd.DataFrame,
    elasticity: float,
) -> pd.Series:
    """How much stronger each audience responds to a price cut than all customers, 1: alike.

    Members bought on discount more or less often than customers who buy the same products do
    (indirect standardisation: Breslow and Day, "Statistical Methods in Cancer Research", vol. II,
    1987, ch. 2). The log of that ratio of odds is what their log demand rises more on the usual
    discount; over what everybody's rises it is the ratio of elasticities. Drawn to 1 for the few.

    Args:
        bought: rows of FCT_CUSTOMER_PRODUCTS.
        belong: rows of MEMBERS.
        profiles: discounted_share and saved_share by customer_id.
        quantities: rows of AGG_PRODUCT_BASKET_UNITS_HISTOGRAM.
        elasticity: the average product's.
    """
    promoted = quantities["baskets"].where(quantities["on_promotion"], 0)
    product = quantities["product_id"]
    usual = promoted.groupby(product).sum() / quantities["baskets"].groupby(product).sum()
    rows = bought.assign(sales=bought["sales"].astype(float), usual=bought["product_id"].map(usual))
    rows = rows[rows["usual"].notna()]
    rows = rows.assign(expected=rows["sales"] * rows["usual"])
    spent = rows.groupby("customer_id")[["sales", "expected"]].sum()
    spent = spent.join(profiles[["discounted_share", "saved_share"]], how="inner")
    spent["observed"] = spent["sales"] * spent["discounted_share"]
    everybody = spent.sum()
    by_audience = belong.join(spent, on="customer_id", how="inner").groupby("audience_id")
    sums = by_audience[["sales", "observed", "expected"]].sum()
    more = _log_odds_ratio(sums) - _log_odds_ratio(everybody)
    depth = (spent["saved_share"] * spent["sales"]).sum() / max(everybody["observed"], 1e-9)
    usual_rise = elasticity * np.log1p(-min(depth, 0.99))
    size = by_audience.size()
    drawn = 1 + size / (size + PRIOR_CUSTOMERS) * more / max(usual_rise, LEAST_RISE)
    return drawn.clip(*RESPONSES_WITHIN).reindex(_ids(belong)).fillna(1.0)


def _ids(belong: pd.DataFrame) -> list[str]:
    return sorted(set(belong["audience_id"]))


def _log_odds_ratio(sums: Any) -> Any:
    """Of `observed` to `expected` out of `sales`, for each row of sums or for one."""
    observed, expected = (np.clip(sums[name] / sums["sales"], *SURE) for name in SPENT)
    return np.log(observed / (1 - observed)) - np.log(expected / (1 - expected))
