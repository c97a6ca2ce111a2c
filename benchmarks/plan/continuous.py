"""Prices without a ladder: how much to lay out for each product and week, by SLSQP.

Between its options a product's value is a smooth function of what it costs. That leaves a small
nonlinear programme, solved by sequential quadratic programming (Kraft, "A software package for
sequential quadratic programming", 1988) in scipy; its outlays are then rounded to options.
Time grows with the cube of products x weeks: for a few hundred of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import LinearConstraint, minimize

from ml.errors import PolicyError
from ml.solver.greedy import Packing
from ml.solver.problem import PlanProblem

STEPS = 200
CENT = 0.01  # options that cost nothing still cost something to a smooth function


@dataclass(frozen=True)
class Curve:
    """What an outlay on an item in a week earns.

    `start` are the starts of `Compact` that nothing cheaper beats, the cheapest first; `earned`
    passes through no promotion and each of them.
    """

    item: int
    week: int
    start: np.ndarray
    earned: PchipInterpolator

    def beside(self, outlay: float) -> Iterator[tuple[int, float]]:
        """The starts just below and above an outlay, each with its nearness, 0 to 1."""
        at = float(np.interp(outlay, self.earned.x, np.arange(len(self.earned.x))))
        for place in {int(np.floor(at)), int(np.ceil(at))} - {0}:
            yield int(self.start[place - 1]), 1 - abs(at - place)


def solve(problem: PlanProblem) -> np.ndarray:
    """A plan (items, weeks): best outlays, rounded to the options beside them.

    Raises:
        InfeasibleError: the problem demands promotions.
        PolicyError: promotions must last longer than a week.
    """
    packing = Packing.of(problem)
    along = curves(packing)
    near = np.zeros(len(packing.whole.value))
    for curve, outlay in zip(along, best_outlays(packing, along), strict=True):
        for start, nearness in curve.beside(outlay):
            near[start] = nearness
    return packing.plan(packing.worthwhile(near))


def best_outlays(packing: Packing, along: list[Curve]) -> np.ndarray:
    """What to lay out along each curve when any price may be asked, (curves,).

    Budgets bind; slots, gaps and counts, which only whole promotions have, do not.
    """
    if not along:
        return np.zeros(0)
    dearest = np.array([curve.earned.x[-1] for curve in along])
    scale = max(curve.earned(curve.earned.x).max() for curve in along)

    def lost(outlay: np.ndarray) -> float:
        return -sum(float(c.earned(o)) for c, o in zip(along, outlay, strict=True)) / scale

    def slope(outlay: np.ndarray) -> np.ndarray:
        return -np.array([c.earned(o, 1) for c, o in zip(along, outlay, strict=True)]) / scale

    result = minimize(
        lost,
        dearest / 2,
        jac=slope,
        method="SLSQP",
        bounds=[(0.0, most) for most in dearest],
        constraints=_budgets(packing.whole.program.problem, along),
        options={"maxiter": STEPS},
    )
    return np.clip(result.x, 0.0, dearest)


def _budgets(problem: PlanProblem, along: list[Curve]) -> list[LinearConstraint]:
    """The total, weekly and category budgets that are set."""
    week = np.array([curve.week for curve in along])
    category = problem.category[[curve.item for curve in along]]
    rows = [(np.ones(len(along)), problem.budget)]
    if problem.week_budget is not None:
        rows += [(week == w, room) for w, room in enumerate(problem.week_budget)]
    if problem.category_budget is not None:
        rows += [(category == c, room) for c, room in enumerate(problem.category_budget)]
    return [LinearConstraint(row.astype(float), ub=room) for row, room in rows if room < np.inf]


def curves(packing: Packing) -> list[Curve]:
    """One for each item and week that may be promoted."""
    item, week, length, option = packing.whole.starts
    if (length > 1).all():
        raise PolicyError(
            "every promotion lasts longer than a week; continuous prices are for promotions of "
            "one week: lower the least duration, or use solver.solve"
        )
    cost = np.maximum(packing.whole.program.problem.cost[item, week, option], CENT)
    value = packing.whole.value
    order = np.lexsort((-value, cost, week, item))
    order = order[length[order] == 1]
    place = item[order] * packing.whole.program.problem.value.shape[1] + week[order]
    groups = np.split(order, np.flatnonzero(np.diff(place)) + 1)
    undominated = [_unbeaten(group, cost, value) for group in groups]
    return [_curve(int(item[k[0]]), int(week[k[0]]), k, cost, value) for k in undominated if len(k)]


def _unbeaten(start: np.ndarray, cost: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Of `start`, the cheapest and then the best first, those that nothing before them beats."""
    best = np.maximum.accumulate(np.concatenate([[0.0], value[start]]))[:-1]
    first = np.diff(cost[start], prepend=0.0) > 0
    return start[(value[start] > best) & first]


def _curve(item: int, week: int, start: np.ndarray, cost: np.ndarray, value: np.ndarray) -> Curve:
    knots, heights = ([0.0, *each[start]] for each in (cost, value))
    return Curve(item, week, start, PchipInterpolator(knots, heights))
