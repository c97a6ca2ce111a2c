"""The master problem: pick at most one of the collected calendars for each item."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from ml.errors import InfeasibleError
from ml.promotions.calendars import Prices
from ml.promotions.problem import NOTHING, PlanProblem

RELATIVE_GAP = 1e-5
NODES = 500


@dataclass(frozen=True)
class Columns:
    """Calendars of items: `item` (n,), `calendar` (n, weeks)."""

    item: np.ndarray
    calendar: np.ndarray

    def joined(self, item: np.ndarray, calendar: np.ndarray) -> "Columns":
        """These and the others, without doubles and empty calendars, in a fixed order."""
        rows = np.column_stack([item, calendar])[(calendar != NOTHING).any(axis=1)]
        known = np.column_stack([self.item, self.calendar])
        every = np.unique(np.concatenate([known, rows]), axis=0)
        return Columns(every[:, 0], every[:, 1:])


@dataclass(frozen=True)
class Master:
    """The columns' value (n,) and what they use of each limit, sparse (limits, n).

    Limits are the budget, the category-weeks, then the items; `room` is their amount.
    """

    value: np.ndarray
    uses: sparse.csr_array
    room: np.ndarray


def build(problem: PlanProblem, columns: Columns) -> Master:
    column, week = np.nonzero(columns.calendar != NOTHING)
    item, option = columns.item[column], columns.calendar[column, week]
    count = len(columns.item)
    slot = 1 + problem.category[item] * problem.slots.shape[1] + week
    owner = 1 + problem.slots.size + columns.item
    limit = np.concatenate([np.zeros(len(column), int), slot, owner])
    used = np.concatenate([problem.cost[item, week, option], np.ones(len(column) + count)])
    by = np.concatenate([column, column, np.arange(count)])
    shape = (1 + problem.slots.size + len(problem.category), count)
    value = np.bincount(column, problem.value[item, week, option], minlength=count)
    room = np.concatenate([[problem.budget], problem.slots.ravel(), np.ones(len(problem.category))])
    return Master(value, sparse.csr_array((used, (limit, by)), shape=shape), room)


def relax(problem: PlanProblem, columns: Columns) -> tuple[float, Prices]:
    """The linear relaxation's value and the prices it puts on the shared limits."""
    master = build(problem, columns)
    solved = linprog(-master.value, A_ub=master.uses, b_ub=master.room, method="highs")
    if solved.x is None:
        raise InfeasibleError(f"the master problem has no solution: {solved.message}")
    marginals = np.maximum(-solved.ineqlin.marginals, 0.0)
    slots = marginals[1 : 1 + problem.slots.size].reshape(problem.slots.shape)
    return float(-solved.fun), Prices(float(marginals[0]), slots)


def choose(problem: PlanProblem, columns: Columns) -> tuple[np.ndarray, float]:
    """The best whole choice of columns as (items, weeks), and a bound on any such choice.

    Solved by HiGHS to RELATIVE_GAP or NODES branch-and-bound nodes, never by a clock, so that
    the same columns give the same plan.
    """
    choice = np.full(problem.value.shape[:2], NOTHING)
    if not len(columns.item):
        return choice, 0.0
    master = build(problem, columns)
    solved = milp(
        -master.value,
        integrality=np.ones(len(master.value)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(master.uses, ub=master.room),
        options={"mip_rel_gap": RELATIVE_GAP, "node_limit": NODES},
    )
    if solved.x is None:
        raise InfeasibleError(f"no whole plan was found in {NODES} nodes: {solved.message}")
    picked = solved.x > 0.5
    choice[columns.item[picked]] = columns.calendar[picked]
    return choice, float(-solved.mip_dual_bound)
