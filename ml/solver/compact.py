"""The whole plan problem as one integer programme: a variable for each start of a promotion.

It needs no decomposition, so small problems and the explanation of infeasible ones use it, and
other solvers are compared on it. A start is an item, a week, a length and an option.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.optimize import LinearConstraint

from ml.solver.calendars import DynamicProgram, dynamic_program
from ml.solver.groups import merge
from ml.solver.problem import NOTHING, PlanProblem
from ml.solver.settings import DEFAULT, SolverSettings

Starts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Compact:
    """The promotions that `items` (sorted) of `program` may start, as variables."""

    program: DynamicProgram
    items: np.ndarray

    @classmethod
    def of(cls, problem: PlanProblem, settings: SolverSettings = DEFAULT) -> "Compact":
        program = dynamic_program(merge(problem), settings)
        return cls(program, np.arange(len(program.problem.category)))

    @cached_property
    def starts(self) -> Starts:
        """Item, week, length and option of each variable, (variables,)."""
        run = usable = np.isfinite(self.program.value[:, :, self.items])
        parts = []
        for weeks in range(1, self.program.lengths.stop):
            run = usable if weeks == 1 else usable[:, : run.shape[1] - 1] & run[:, 1:]
            if weeks in self.program.lengths:
                which, start, at = np.nonzero(run)
                parts.append((self.items[at], start, np.full(len(at), weeks), which))
        item, week, length, option = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((option, length, week, item))
        return item[order], week[order], length[order], option[order]

    @cached_property
    def weeks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Variable, item, week and option of every promoted week."""
        item, week, length, option = self.starts
        variable = np.repeat(np.arange(len(item)), length)
        within = np.arange(len(variable)) - np.repeat(np.cumsum(length) - length, length)
        return variable, item[variable], week[variable] + within, option[variable]

    @cached_property
    def value(self) -> np.ndarray:
        """What each start earns, (variables,)."""
        variable, item, week, option = self.weeks
        earned = self.program.problem.value[item, week, option]
        return np.bincount(variable, earned, minlength=len(self.starts[0]))

    @cached_property
    def uses(self) -> sparse.csr_array:
        """What each start uses of each shared limit that is set, (limits, variables)."""
        variable, item, week, option = self.weeks
        limits = self.program.limits
        row, by, amount = limits.entries(item, week, option)
        shape = (len(limits.room), len(self.starts[0]))
        return sparse.csr_array((amount, (row, variable[by])), shape=shape)[limits.finite]

    @cached_property
    def own(self) -> list[LinearConstraint]:
        """Each item's own rules: gap, maximum, must, demanded weeks and stock."""
        return [self._apart(), self._counted(), *self._demanded(), *self._stocked()]

    @property
    def shared(self) -> LinearConstraint:
        limits = self.program.limits
        return LinearConstraint(self.uses, ub=limits.room[limits.finite])

    def plan(self, taken: np.ndarray) -> np.ndarray:
        """The plan (items, weeks) of the variables that are taken, bool (variables,)."""
        choice = np.full(self.program.problem.value.shape[:2], NOTHING)
        variable, item, week, option = self.weeks
        promoted = taken[variable]
        choice[item[promoted], week[promoted]] = option[promoted]
        return self.program.merged.spread(choice)

    def _apart(self) -> LinearConstraint:
        item, week, length, _ = self.starts
        weeks = self.program.value.shape[1]
        span = self.program.again[week + length, item] - week
        variable = np.repeat(np.arange(len(item)), span)
        at = week[variable] + np.arange(len(variable)) - np.repeat(np.cumsum(span) - span, span)
        return LinearConstraint(self._matrix(item[variable] * weeks + at, variable), ub=1)

    def _counted(self) -> LinearConstraint:
        item, problem = self.starts[0], self.program.problem
        minimum = np.zeros(len(problem.category))
        if problem.must is not None:
            minimum = np.where(problem.must, 1.0, 0.0)
        every = self._matrix(item, np.arange(len(item)), len(minimum))
        return LinearConstraint(every[self.items], minimum[self.items], problem.max_promotions)

    def _demanded(self) -> list[LinearConstraint]:
        variable, item, week, _ = self.weeks
        weeks = self.program.value.shape[1]
        demanded = self.program.demanded[:weeks].T[self.items]
        rows = (self.items[:, None] * weeks + np.arange(weeks))[demanded]
        size = len(self.program.problem.category) * weeks
        covers = self._matrix(item * weeks + week, variable, size)
        return [LinearConstraint(covers[rows], lb=1)] if len(rows) else []

    def _stocked(self) -> list[LinearConstraint]:
        stock = self.program.stock
        if stock.units is None or stock.stock is None:
            return []
        variable, item, week, option = self.weeks
        weeks = self.program.value.shape[1]
        count = stock.count[item]
        entry = np.repeat(np.arange(len(item)), count)
        within = np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)
        row = stock.order[stock.first[item[entry]] + within]
        sold = stock.units[row, week[entry], option[entry]]
        left = weeks - week[entry]
        each = np.repeat(np.arange(len(row)), left)
        later = np.arange(len(each)) - np.repeat(np.cumsum(left) - left, left)
        rows = row[each] * weeks + week[entry][each] + later
        uses = self._matrix(rows, variable[entry][each], stock.stock.size, sold[each])
        return [LinearConstraint(uses, ub=stock.stock.ravel())]

    def _matrix(
        self,
        row: np.ndarray,
        variable: np.ndarray,
        rows: int | None = None,
        amount: np.ndarray | None = None,
    ) -> sparse.csr_array:
        rows = int(row.max(initial=-1)) + 1 if rows is None else rows
        amount = np.ones(len(row)) if amount is None else amount
        return sparse.csr_array((amount, (row, variable)), shape=(rows, len(self.starts[0])))
