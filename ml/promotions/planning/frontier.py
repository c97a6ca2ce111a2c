"""The best plan under other budgets, and other plans inside the same limits."""

from dataclasses import replace

import numpy as np

from ml.contracts.plan_summary import FrontierPoint, TradeoffPoint
from ml.errors import InfeasibleError
from ml.promotions.planning.proposal import Draft, Proposal
from ml.solver.pareto import Measures, tradeoffs
from ml.solver.problem import NOTHING
from ml.solver.settings import SolverSettings
from ml.solver.solve import solve, usage

BUDGET_SHARES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
FRONTIER = SolverSettings(target_gap=5e-3)
MAX_TRADEOFFS = 12


def frontier(proposal: Proposal) -> list[FrontierPoint]:
    """The best plan at shares of the budget, each solved again to within `FRONTIER.target_gap`.

    A share that does not pay for the promotions that are demanded is left out.
    """
    points = []
    for share in BUDGET_SHARES:
        budget = share * proposal.draft.problem.budget
        draft = replace(proposal.draft, problem=replace(proposal.draft.problem, budget=budget))
        try:
            solution = proposal.solution if share == 1.0 else solve(draft.problem, FRONTIER)
        except InfeasibleError:
            continue
        points.append(_frontier_point(Proposal(draft, solution)))
    return points


def _frontier_point(proposal: Proposal) -> FrontierPoint:
    problem, margin = proposal.draft.problem, proposal.draft.economics.money.margin
    spent, _ = usage(problem, proposal.solution.choice)
    return FrontierPoint(
        budget=round(problem.budget, 2),
        cost=round(spent, 2),
        promotions=len(proposal.chosen[0]),
        incremental_margin=round(float(margin[proposal.chosen].sum()), 2),
        shadow_price=round(proposal.solution.budget_price, 4),
    )


def tradeoff_points(proposal: Proposal) -> list[TradeoffPoint]:
    """Expected incremental margin, revenue and discount of the plan and of others beside it.

    Up to MAX_TRADEOFFS others that none beats in all three, evenly spread from the smallest
    discount to the largest; the plan itself has `is_plan`.
    """
    measures = _measures(proposal.draft)
    others = tradeoffs(proposal.draft.problem, measures, proposal.solution.choice)
    count = min(MAX_TRADEOFFS, len(others))
    spread = np.unique(np.linspace(0, len(others) - 1, count).round().astype(int))
    points = [_tradeoff_point(measures, others[at].choice, False) for at in spread]
    return [*points, _tradeoff_point(measures, proposal.solution.choice, True)]


def _measures(draft: Draft) -> Measures:
    money = draft.economics.money
    return Measures(margin=money.margin, revenue=np.nan_to_num(money.revenue), discount=money.cost)


def _tradeoff_point(measures: Measures, choice: np.ndarray, is_plan: bool) -> TradeoffPoint:
    item, week = np.nonzero(choice != NOTHING)
    at = (item, week, choice[item, week])
    return TradeoffPoint(
        margin=round(float(measures.margin[at].sum()), 2),
        revenue=round(float(measures.revenue[at].sum()), 2),
        discount=round(float(measures.discount[at].sum()), 2),
        promotions=len(item),
        is_plan=is_plan,
    )
