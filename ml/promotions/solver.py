"""Solve the plan problem by Lagrangian decomposition.

Prices on the shared limits split the problem into one dynamic programme per item
(`calendars`). A subgradient search brings the prices near their best; column generation on
the collected calendars then finishes them (Wolsey, "Integer Programming", 2nd ed. 2020,
ch. 10-11). Every calendar close to its item's best at those prices goes to a restricted
master problem whose integer solution is the plan (`master`). The Lagrangian gives the bound.
"""

import logging

import numpy as np

from ml.promotions.calendars import PricedProblem, Prices
from ml.promotions.master import Columns, choose, relax
from ml.promotions.problem import NOTHING, PlanProblem, PlanSolution

log = logging.getLogger(__name__)

STEPS = 60
ROUNDS = 40
TOLERANCE = 1e-6
REFINE = 1e-5
MOST_COLUMNS = 30_000


def solve(problem: PlanProblem) -> PlanSolution:
    """The best plan found, with a bound on the best possible one.

    Raises:
        InfeasibleError: the linear or the whole master problem has no solution.
    """
    priced, columns = _search_prices(problem)
    priced, columns = _finish_prices(problem, priced, columns)
    choice, _ = choose(problem, columns)
    objective, bound = worth(problem, choice), priced.bound
    if bound - objective > REFINE * bound:
        item, calendar, complete = priced.near_best(bound - objective, MOST_COLUMNS)
        columns = columns.joined(item, calendar)
        choice, restricted = choose(problem, columns)
        if bound - objective <= complete:  # no better plan has a calendar outside the columns
            bound = min(bound, restricted)
        objective = worth(problem, choice)
    log.info("plan: %d columns, objective %.2f, bound %.2f", len(columns.item), objective, bound)
    return PlanSolution(choice, objective, bound, priced.prices.budget, priced.prices.slots)


def worth(problem: PlanProblem, choice: np.ndarray) -> float:
    """The value of a plan (items, weeks), summed in a fixed order."""
    item, week = np.nonzero(choice != NOTHING)
    return float(problem.value[item, week, choice[item, week]].sum())


def usage(problem: PlanProblem, choice: np.ndarray) -> tuple[float, np.ndarray]:
    """What a plan takes of the budget, and of each category-week's slots."""
    item, week = np.nonzero(choice != NOTHING)
    slots = np.zeros(problem.slots.shape)
    np.add.at(slots, (problem.category[item], week), 1)
    return float(problem.cost[item, week, choice[item, week]].sum()), slots


def _search_prices(problem: PlanProblem) -> tuple[PricedProblem, Columns]:
    """Walk down the Lagrangian bound by subgradient steps of shrinking length.

    Budget and slots are measured in their own units: a step changes the budget's price by
    a share of the mean return on cost, a slot's by a share of the mean value of a promotion.
    """
    items, weeks, _ = problem.value.shape
    columns = Columns(np.empty(0, int), np.empty((0, weeks), int))
    best = current = PricedProblem(problem, Prices(0.0, np.zeros(problem.slots.shape)))
    for step in range(STEPS):
        calendars = current.best_calendars()
        columns = columns.joined(np.arange(items), calendars)
        spent, taken = usage(problem, calendars)
        length = 1.0 / (step + 2)
        value_each = worth(problem, calendars) / max(1.0, float(taken.sum()))
        overrun = (spent - problem.budget) / max(problem.budget, spent, 1e-12)
        budget_unit = worth(problem, calendars) / max(spent, 1e-12)
        crowd = (taken - problem.slots) / np.maximum(np.maximum(taken, problem.slots), 1.0)
        prices = Prices(
            max(0.0, current.prices.budget + length * budget_unit * overrun),
            np.maximum(0.0, current.prices.slots + length * value_each * crowd),
        )
        current = PricedProblem(problem, prices)
        best = min(best, current, key=lambda priced: priced.bound)
    return best, columns


def _finish_prices(
    problem: PlanProblem, best: PricedProblem, columns: Columns
) -> tuple[PricedProblem, Columns]:
    """Column generation: price by the relaxed master, add each item's best calendar."""
    for _ in range(ROUNDS):
        if not len(columns.item):
            break
        relaxed, prices = relax(problem, columns)
        current = PricedProblem(problem, prices)
        best = min(best, current, key=lambda priced: priced.bound)
        if best.bound - relaxed <= TOLERANCE * max(best.bound, 1.0):
            break
        items = np.arange(len(problem.category))
        columns = columns.joined(items, current.best_calendars())
    return best, columns
