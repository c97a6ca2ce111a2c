"""The master problem: pick one of the collected calendars for each undecided item."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from ml.errors import InfeasibleError
from ml.promotions.calendars import Board
from ml.promotions.dual import Answer
from ml.promotions.labels import Labels
from ml.promotions.problem import NOTHING, worth


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
    """Undecided items choose between `columns` or nothing; the others keep `fixed`.

    fixed: calendars (items, weeks), NOTHING in the rows of undecided items.
    """

    board: Board
    columns: Columns
    fixed: np.ndarray

    @cached_property
    def value(self) -> np.ndarray:
        """What each column earns, (n,)."""
        column, item, week, option = self._promoted
        earned = self.board.problem.value[item, week, option]
        return np.bincount(column, earned, minlength=len(self.columns.item))

    @cached_property
    def constraint(self) -> LinearConstraint:
        """The shared limits that are set, then one row per undecided item."""
        column, item, week, option = self._promoted
        limits, count = self.board.limits, len(self.columns.item)
        row, by, amount = limits.entries(item, week, option)
        shape = (len(limits.room), count)
        uses = sparse.csr_array((amount, (row, column[by])), shape=shape)[self._set]
        owner, at = np.unique(self.columns.item, return_inverse=True)
        owns = sparse.csr_array((np.ones(count), (at, np.arange(count))))
        least = np.where(self.board.needed[owner], 1.0, -np.inf)
        return LinearConstraint(
            sparse.vstack([uses, owns], format="csr"),
            np.concatenate([np.full(len(self._set), -np.inf), least]),
            np.concatenate([self._room[self._set], np.ones(len(owner))]),
        )

    @cached_property
    def _room(self) -> np.ndarray:
        item, week = np.nonzero(self.fixed != NOTHING)
        return self.board.limits.room - self.board.limits.usage(item, week, self.fixed[item, week])

    @cached_property
    def _set(self) -> np.ndarray:
        return np.flatnonzero(np.isfinite(self.board.limits.room))

    @cached_property
    def _promoted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        column, week = np.nonzero(self.columns.calendar != NOTHING)
        return column, self.columns.item[column], week, self.columns.calendar[column, week]

    @property
    def decided(self) -> float:
        """What the fixed calendars earn."""
        return worth(self.board.problem, self.fixed)

    def relaxed(self) -> tuple[float, np.ndarray]:
        """The linear relaxation's value and the price it puts on every shared limit."""
        upper, lower = self.constraint, np.isfinite(self.constraint.lb)
        solved = linprog(
            -self.value,
            A_ub=sparse.vstack([upper.A, -upper.A[lower]], format="csr"),
            b_ub=np.concatenate([upper.ub, -upper.lb[lower]]),
            method="highs",
        )
        if solved.x is None:
            raise InfeasibleError(f"the master problem has no solution: {solved.message}")
        prices = np.zeros(len(self.board.limits.room))
        prices[self._set] = np.maximum(-solved.ineqlin.marginals[: len(self._set)], 0.0)
        return self.decided - float(solved.fun), prices

    def chosen(self, gap: float, nodes: int) -> tuple[np.ndarray, float]:
        """The best whole choice as (items, weeks), and a bound on any choice of columns.

        Solved by HiGHS to within `gap` money or to `nodes` branch-and-bound nodes, never by a
        clock, so that the same columns give the same plan.
        """
        choice = self.fixed.copy()
        if not len(self.columns.item):
            return choice, self.decided
        most = max(float(self.value[self.value > 0].sum()), 1e-9)
        solved = milp(
            -self.value,
            integrality=np.ones(len(self.value)),
            bounds=Bounds(0, 1),
            constraints=self.constraint,
            options={"mip_rel_gap": gap / most, "node_limit": nodes},
        )
        if solved.x is None:
            raise InfeasibleError(f"no whole plan was found in {nodes} nodes: {solved.message}")
        picked = solved.x > 0.5
        choice[self.columns.item[picked]] = self.columns.calendar[picked]
        return choice, self.decided - float(solved.mip_dual_bound)


def gather(answer: Answer, labels: Labels, known: Columns) -> Master:
    """Let the items with more than one calendar at hand choose; fix the others' best one.

    Where the fixed calendars alone overfill a limit, those worth least are undecided too.
    """
    board, best = answer.board, answer.calendar
    undecided = np.zeros(len(best), bool)
    undecided[known.item] = True
    undecided[labels.item[1:][labels.item[1:] == labels.item[:-1]]] = True
    undecided |= _overfull(answer, undecided)
    at = np.flatnonzero(undecided)
    near = undecided[labels.item]
    columns = known.joined(
        np.concatenate([labels.item[near], at]),
        np.concatenate([labels.calendar[near], best[at]]),
    )
    fixed = np.where(undecided[:, None], NOTHING, best)
    return Master(board, columns, fixed)


def _overfull(answer: Answer, undecided: np.ndarray) -> np.ndarray:
    """The decided items worth least in each row that the decided items overfill."""
    board, (calendar, worth_each) = answer.board, answer.best
    item, week = np.nonzero((calendar != NOTHING) & ~(undecided | board.needed)[:, None])
    row, by, amount = board.limits.entries(item, week, calendar[item, week])
    kept_item, kept_week = np.nonzero((calendar != NOTHING) & ~undecided[:, None])
    usage = board.limits.usage(kept_item, kept_week, calendar[kept_item, kept_week])
    over = usage - board.limits.room
    order = np.lexsort((item[by], worth_each[item[by]], row))
    order = order[over[row[order]] > 0]
    row, amount, owner = row[order], amount[order], item[by[order]]
    total = np.cumsum(amount) - amount
    first = np.searchsorted(row, row)
    freed = np.zeros(len(undecided), bool)
    freed[owner[total - total[first] < 2 * over[row]]] = True
    return freed
