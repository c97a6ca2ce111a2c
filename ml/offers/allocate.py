"""Which promotions each customer hears of, and who is held out so that it can be measured.

The prices of the plan hold for everybody; an offer is the message about one of them. Messages go
where they add most, within a budget, each customer's cap and rest. The holdout is drawn from a
keyed hash of the customer before anything is allocated, so it is the same on every machine and in
every plan, and knows nothing of what is on offer.
"""

import logging

import numpy as np
import pandas as pd

from ml.config.policy import Offers
from ml.contracts.profiles import EVERYBODY
from ml.offers.allocation import allocate
from ml.offers.fatigue import caps, rested
from ml.offers.uplift import Bought, valued
from ml.promotions.audiences.holdout import hold_out

log = logging.getLogger(__name__)


def allocate_offers(
    schedule: pd.DataFrame,
    candidates: pd.DataFrame,
    people: pd.Series,
    belong: pd.DataFrame,
    bought: Bought,
    recent: pd.DataFrame,
    rules: Offers,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each customer the messages that add most to the margin.

    Args:
        schedule: rows of the PLAN contract.
        candidates: rows of the CANDIDATES contract.
        people: customer_id of those who may be targeted.
        belong: rows of MEMBERS: who may have what is for an audience.
        bought: what chances are estimated from, before the plan's as-of date.
        recent: what was offered lately (`recent_offers`).
        rules: the budget, the caps and how long a product rests.

    Returns:
        Rows of OFFERS, of a product the earliest promotion that the customer may have, and rows
        of ASSIGNMENTS.
    """
    assignments = hold_out(people, float(schedule["holdout_share"].max()))
    targeted = assignments.loc[~assignments["is_held_out"], ["customer_id", "propensity"]]
    offers = _open_to(candidates.merge(targeted, on="customer_id"), schedule, belong)
    offers = rested(offers, recent, bought.as_of, rules)
    offers = valued(offers.sort_values(["customer_id", "affinity_rank"]), schedule, bought)
    offers["cost"] = offers.pop("markdown") + rules.cost_each
    offers["incremental_margin"] -= rules.cost_each
    offers = _affordable(offers, caps(targeted["customer_id"], recent, rules), rules.budget)
    ranks = offers.groupby("customer_id")["incremental_margin"].rank("first", ascending=False)
    offers["offer_rank"] = ranks.astype("int64")
    given = offers.groupby("customer_id").size()
    assignments["offers"] = assignments["customer_id"].map(given).fillna(0).astype("int64")
    return offers, assignments


def _open_to(
    candidates: pd.DataFrame, schedule: pd.DataFrame, belong: pd.DataFrame
) -> pd.DataFrame:
    """Each candidate's earliest promotion that is for all or for an audience of the customer."""
    order = schedule.sort_values(["starts_at", "promotion_id"])
    lines = order[["product_id", "promotion_id", "audience_id"]]
    offers = candidates.rename(columns={"rank": "affinity_rank"}).merge(lines, on="product_id")
    mine = pd.MultiIndex.from_frame(offers[["customer_id", "audience_id"]]).isin(
        pd.MultiIndex.from_frame(belong[["customer_id", "audience_id"]])
    )
    offers = offers[mine | (offers["audience_id"] == EVERYBODY)]
    return offers.drop_duplicates(["customer_id", "product_id"])


def _affordable(offers: pd.DataFrame, cap: pd.Series, budget: float) -> pd.DataFrame:
    """The rows that earn most within the budget and each customer's cap (by customer_id)."""
    customer, ids = pd.factorize(offers["customer_id"])
    place = offers.groupby("customer_id").cumcount().to_numpy()
    shape = (len(ids), int(place.max(initial=-1)) + 1)
    value, cost = np.full(shape, -np.inf), np.zeros(shape)
    value[customer, place] = offers["incremental_margin"]
    cost[customer, place] = offers["cost"]
    allocated = allocate(value, cost, cap.reindex(ids).to_numpy(int), budget)
    log.info(
        "offers: %d to %d customers add %.2f, at most %.4f %% below the best",
        allocated.taken.sum(),
        allocated.taken.any(axis=1).sum(),
        allocated.objective,
        100 * allocated.gap,
    )
    return offers[allocated.taken[customer, place]].copy()
