"""What else each planned promotion could have been: every offer, with its best support."""

import numpy as np
import pandas as pd

from ml.promotions.economics.value import Economics
from ml.promotions.explanation.reasons import DIGITS
from ml.promotions.explanation.rows import term
from ml.promotions.planning.proposal import Proposal
from ml.weeks import monday_of

TERMS = ("buy_qty", "get_qty", "get_depth", "threshold_amount", "discount_amount")


def alternatives(proposal: Proposal, lines: pd.DataFrame) -> pd.DataFrame:
    """ALTERNATIVES' rows for PLAN's `lines`, an offer that has no price left out."""
    item, week, _ = proposal.chosen
    ids = _promotion_ids(proposal, lines)
    rows = [_offered(proposal, place, item, week) for place in range(len(proposal.options.offers))]
    found = pd.concat([frame.assign(promotion_id=ids) for frame in rows])
    return found.dropna(subset="depth").reset_index(drop=True)


def _promotion_ids(proposal: Proposal, lines: pd.DataFrame) -> np.ndarray:
    """The ids of the chosen promotions in the proposal's order; a product has one a week."""
    item, week, _ = proposal.chosen
    monday = monday_of(lines["starts_at"]).dt.date
    by_place = pd.Series(
        lines["promotion_id"].to_numpy(), pd.MultiIndex.from_arrays([lines["product_id"], monday])
    )
    products = proposal.items.table["product_id"].to_numpy()[item]
    return by_place.loc[list(zip(products, proposal.items.weeks[week], strict=True))].to_numpy()


def _offered(proposal: Proposal, place: int, item: np.ndarray, week: np.ndarray) -> pd.DataFrame:
    """One offer in each line's product and week, with the support it is worth most with."""
    options, economics = proposal.options, proposal.economics
    columns = np.flatnonzero(options.offer == place)
    worth = proposal.problem.value[item[:, None], week[:, None], columns]
    allowed = economics.allowed[item[:, None], week[:, None], columns]
    within = np.where(allowed, worth, -np.inf)
    best = np.where(allowed.any(axis=1), within.argmax(axis=1), worth.argmax(axis=1))
    at = (item, week, columns[best])
    offer = options.offers[place]
    return pd.DataFrame(
        {
            "offer": place,
            "audience_id": offer.audience.audience_id,
            "mechanic": offer.mechanic,
            "depth": options.depth[item, at[2]],
            "support": options.support[at[2]],
            "promo_price": options.price[item, at[2]],
            **{name: np.array(term([offer] * len(item), name, item), float) for name in TERMS},
            "expected_units": economics.sales.expected[at],
            "incremental_margin": economics.margin[at],
            "cost": economics.cost[at],
            "ruled_out_by": _limit(economics, at),
        }
    ).round(DIGITS)


def _limit(economics: Economics, at: tuple[np.ndarray, ...]) -> list[str | None]:
    """The first limit that rules each option out; None where none does."""
    limits = ("margin_floor", "stock", "most_from_priors")
    kept = (economics.above_floor[at], economics.in_stock[at], economics.on_data[at])
    found = np.select([~each for each in kept], limits, "")
    return [str(name) or None for name in found]
