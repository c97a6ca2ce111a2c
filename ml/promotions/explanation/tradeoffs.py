"""Other plans inside the same limits: more revenue or less discount, for some of the margin."""

import numpy as np

from ml.promotions.planning.proposal import Proposal
from ml.solver.pareto import Measures, tradeoffs
from ml.solver.problem import NOTHING

SHOWN = 12


def tradeoff_points(proposal: Proposal) -> list[dict[str, float | bool]]:
    """Expected incremental margin, revenue and discount of the plan and of others beside it.

    Up to SHOWN others that none beats in all three, evenly spread from the smallest discount to
    the largest; the plan itself has `is_plan`.
    """
    measures = _measures(proposal)
    found = tradeoffs(proposal.problem, measures, proposal.solution.choice)
    kept = np.unique(np.linspace(0, len(found) - 1, min(SHOWN, len(found))).round().astype(int))
    points = [_point(measures, found[place].choice, False) for place in kept]
    return [*points, _point(measures, proposal.solution.choice, True)]


def _measures(proposal: Proposal) -> Measures:
    economics = proposal.economics
    return Measures(
        margin=economics.margin,
        revenue=np.nan_to_num(economics.revenue),
        discount=economics.cost,
    )


def _point(measures: Measures, choice: np.ndarray, is_plan: bool) -> dict[str, float | bool]:
    item, week = np.nonzero(choice != NOTHING)
    at = (item, week, choice[item, week])
    return {
        "margin": round(float(measures.margin[at].sum()), 2),
        "revenue": round(float(measures.revenue[at].sum()), 2),
        "discount": round(float(measures.discount[at].sum()), 2),
        "promotions": len(item),
        "is_plan": is_plan,
    }
