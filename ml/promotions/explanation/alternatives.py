"""What else each planned promotion could have been: every deal, with its best support."""

import numpy as np
import pandas as pd

from ml.contracts.outputs import NUMBER_TERMS
from ml.promotions.explanation.reasons import DIGITS
from ml.promotions.explanation.rows import promotion_ids, term
from ml.promotions.planning.proposal import Proposal


def alternatives(proposal: Proposal) -> pd.DataFrame:
    """ALTERNATIVES' rows for the chosen promotions, a deal that has no price left out."""
    item, week, _ = proposal.chosen
    ids = np.array(promotion_ids(proposal), dtype=object)
    deals = range(len(proposal.draft.options.deals))
    rows = [_of_deal(proposal, place, item, week).assign(promotion_id=ids) for place in deals]
    return pd.concat(rows).dropna(subset="depth").reset_index(drop=True)


def _of_deal(proposal: Proposal, place: int, item: np.ndarray, week: np.ndarray) -> pd.DataFrame:
    """One deal in each row's product and week, with the support it is worth most with."""
    draft = proposal.draft
    options, money, limits = draft.options, draft.economics.money, draft.economics.limits
    columns = np.flatnonzero(options.deal == place)
    worth = draft.problem.value[item[:, None], week[:, None], columns]
    allowed = limits.allowed[item[:, None], week[:, None], columns]
    within = np.where(allowed, worth, -np.inf)
    best = np.where(allowed.any(axis=1), within.argmax(axis=1), worth.argmax(axis=1))
    at = (item, week, columns[best])
    deal = options.deals[place]
    same = [deal] * len(item)
    return pd.DataFrame(
        {
            "offer": place,
            "audience_id": deal.audience.audience_id,
            "mechanic": deal.mechanic,
            "depth": options.depth[item, at[2]],
            "support": options.support[at[2]],
            "promo_price": options.price[item, at[2]],
            **{name: np.array(term(same, name, item), float) for name in NUMBER_TERMS},
            "expected_units": draft.economics.demand.sales.expected[at],
            "incremental_margin": money.margin[at],
            "cost": money.cost[at],
            "ruled_out_by": [str(name) or None for name in limits.first_broken(at)],
        }
    ).round(DIGITS)
