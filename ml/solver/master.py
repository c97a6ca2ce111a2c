"""The master problem: pick one of the collected calendars for each undecided item."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog

from ml.errors import InfeasibleError
from ml.solver.calendars import DynamicProgram
from ml.solver.dual import DualPrices
from ml.solver.highs import solve_milp
from ml.solver.near_best import Labels
from ml.solver.problem import NOTHING, worth


@dataclass(frozen=True)
class Columns:
    """Calendars of items: `item` (n,), `calendar` (n, weeks)."""

    item: np.ndarray
    calendar: np.ndarray

    @classmethod
    def none(cls, weeks: int) -> "Columns":
        return cls(np.empty(0, int), np.empty((0, weeks), int))

    def joined(self, item: np.ndarray, calendar: np.ndarray) -> "Columns":
        """These and the others, without duplicates and empty calendars, in a fixed order."""
        rows = np.column_stack([item, calendar])[(calendar != NOTHING).any(axis=1)]
        present = np.column_stack([self.item, self.calendar])
        every = np.unique(np.concatenate([present, rows]), axis=0)
        return Columns(every[:, 0], every[:, 1:])


@dataclass(frozen=True)
class Relaxed:
    """The linear relaxation: `value`, `prices` of the limits (rows,), `share` of columns (n,)."""

    value: float
    prices: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class Master:
    """Undecided items choose between `columns` or nothing; the others keep `fixed`.

    fixed: calendars (items, weeks), NOTHING in the rows of undecided items.
    """

    program: DynamicProgram
    columns: Columns
    fixed: np.ndarray

    @cached_property
    def value(self) -> np.ndarray:
        """What each column earns, (n,)."""
        column, item, week, option = self._promoted
        earned = self.program.problem.value[item, week, option]
        return np.bincount(column, earned, minlength=len(self.columns.item))

    @cached_property
    def uses(self) -> sparse.csr_array:
        """What each column uses of each shared limit that is set, (limits, n)."""
        column, item, week, option = self._promoted
        limits = self.program.limits
        row, by, amount = limits.entries(item, week, option)
        shape = (len(limits.room), len(self.columns.item))
        return sparse.csr_array((amount, (row, column[by])), shape=shape)[limits.finite]

    @cached_property
    def room(self) -> np.ndarray:
        """What the fixed calendars leave of each shared limit that is set, (limits,)."""
        item, week = np.nonzero(self.fixed != NOTHING)
        limits = self.program.limits
        return (limits.room - limits.usage(item, week, self.fixed[item, week]))[limits.finite]

    @cached_property
    def constraint(self) -> LinearConstraint:
        """The shared limits that are set, then one row per undecided item."""
        count = len(self.columns.item)
        owner, at = np.unique(self.columns.item, return_inverse=True)
        owns = sparse.csr_array((np.ones(count), (at, np.arange(count))))
        minimum = np.where(self.program.needed[owner], 1.0, -np.inf)
        return LinearConstraint(
            sparse.vstack([self.uses, owns], format="csr"),
            np.concatenate([np.full(len(self.room), -np.inf), minimum]),
            np.concatenate([self.room, np.ones(len(owner))]),
        )

    @cached_property
    def _promoted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        column, week = np.nonzero(self.columns.calendar != NOTHING)
        return column, self.columns.item[column], week, self.columns.calendar[column, week]

    @property
    def decided(self) -> float:
        """What the fixed calendars earn."""
        return worth(self.program.problem, self.fixed)

    @cached_property
    def relaxed(self) -> Relaxed:
        """The linear relaxation, by HiGHS."""
        rows, lower = self.constraint, np.isfinite(self.constraint.lb)
        solved = linprog(
            -self.value,
            A_ub=sparse.vstack([rows.A, -rows.A[lower]], format="csr"),
            b_ub=np.concatenate([rows.ub, -rows.lb[lower]]),
            method="highs",
        )
        if solved.x is None:
            raise InfeasibleError(f"the master problem has no solution: {solved.message}")
        prices = np.zeros(len(self.program.limits.room))
        finite = self.program.limits.finite
        prices[finite] = np.maximum(-solved.ineqlin.marginals[: len(finite)], 0.0)
        return Relaxed(self.decided - float(solved.fun), prices, solved.x)

    def solve(self, gap: float, nodes: int) -> tuple[np.ndarray, float]:
        """The best whole choice as (items, weeks), and a bound on any choice of columns.

        Solved by HiGHS to within `gap` money or to `nodes` branch-and-bound nodes, never by a
        clock, so that the same columns give the same plan.
        """
        choice = self.fixed.copy()
        if not len(self.columns.item):
            return choice, self.decided
        maximum = max(self.relaxed.value - self.decided, 1e-9)
        solved = solve_milp(
            -self.value,
            integrality=np.ones(len(self.value)),
            bounds=Bounds(0, 1),
            constraints=self.constraint,
            options={"mip_rel_gap": gap / maximum, "node_limit": nodes},
        )
        if solved.x is None:
            raise InfeasibleError(f"no whole plan was found in {nodes} nodes: {solved.message}")
        picked = solved.x > 0.5
        choice[self.columns.item[picked]] = self.columns.calendar[picked]
        return choice, self.decided - float(solved.mip_dual_bound)


def restricted_master(
    dual: DualPrices, labels: Labels, columns: Columns, current: np.ndarray | None = None
) -> Master:
    """The master over `columns` and `labels`; items with only one calendar keep `current`.

    `current` (items, weeks) is by default the dual's calendars. Where the fixed ones alone
    overfill a limit, the least valuable of them are undecided too.
    """
    program, best = dual.program, dual.calendar if current is None else current
    undecided = np.zeros(len(best), bool)
    undecided[columns.item] = True
    undecided[labels.item[1:][labels.item[1:] == labels.item[:-1]]] = True
    undecided |= _overfull(dual, best, undecided)
    at = np.flatnonzero(undecided)
    near = undecided[labels.item]
    columns = columns.joined(
        np.concatenate([labels.item[near], at]),
        np.concatenate([labels.calendar[near], best[at]]),
    )
    fixed = np.where(undecided[:, None], NOTHING, best)
    return Master(program, columns, fixed)


def _overfull(dual: DualPrices, calendar: np.ndarray, undecided: np.ndarray) -> np.ndarray:
    """The least valuable decided items in each row that the decided items overfill, bool."""
    program, worth_each = dual.program, dual.best[1]
    item, week = np.nonzero((calendar != NOTHING) & ~(undecided | program.needed)[:, None])
    row, by, amount = program.limits.entries(item, week, calendar[item, week])
    decided_item, decided_week = np.nonzero((calendar != NOTHING) & ~undecided[:, None])
    usage = program.limits.usage(decided_item, decided_week, calendar[decided_item, decided_week])
    over = usage - program.limits.room
    order = np.lexsort((item[by], worth_each[item[by]], row))
    order = order[over[row[order]] > 0]
    row, amount, owner = row[order], amount[order], item[by[order]]
    total = np.cumsum(amount) - amount
    first = np.searchsorted(row, row)
    freed = np.zeros(len(undecided), bool)
    freed[owner[total - total[first] < 2 * over[row]]] = True
    return freed
