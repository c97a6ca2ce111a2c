"""Greedy packing: take promotions in a given order as far as they fit every limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ml.errors import InfeasibleError
from ml.solver.compact import Compact
from ml.solver.problem import NOTHING, PlanProblem
from ml.solver.settings import DEFAULT, SolverSettings


@dataclass(frozen=True)
class Packing:
    """The starts of promotions of `whole`, to be taken in any order as far as they fit.

    The starts in `demanded` are always taken, (n,).
    """

    whole: Compact
    demanded: np.ndarray

    @classmethod
    def of(
        cls,
        problem: PlanProblem,
        incumbent: np.ndarray | None = None,
        settings: SolverSettings = DEFAULT,
    ) -> "Packing":
        """Lay out a problem; demands are met as in the plan `incumbent` (items, weeks).

        Raises:
            InfeasibleError: the problem demands promotions and no plan is given.
        """
        whole = Compact.of(problem, settings)
        needed = whole.program.needed
        if not needed.any():
            return cls(whole, np.empty(0, int))
        if incumbent is None:
            raise InfeasibleError(
                "greedy packing cannot guarantee demanded promotions; use solver.solve, or pass a "
                "plan that has them as `incumbent`"
            )
        return cls(whole, np.flatnonzero(_started(whole, incumbent) & needed[whole.starts[0]]))

    @property
    def settings(self) -> SolverSettings:
        return self.whole.program.settings

    @cached_property
    def uses(self) -> sparse.csr_array:
        """What each start uses of every limit, (limits, starts)."""
        rules = [*self.whole.own, self.whole.shared]
        return sparse.vstack([rule.A for rule in rules], format="csr")

    @cached_property
    def room(self) -> np.ndarray:
        """The right-hand side of each limit, (limits,)."""
        rules = [*self.whole.own, self.whole.shared]
        return np.concatenate([np.broadcast_to(rule.ub, rule.A.shape[0]) for rule in rules])

    @cached_property
    def largest_share(self) -> np.ndarray:
        """The largest share of a shared limit that each start uses, > 0, (starts,)."""
        rule, tolerance = self.whole.shared, self.settings.tolerance
        shares = rule.A.multiply(1 / np.maximum(rule.ub, tolerance)[:, None])
        largest = shares.max(axis=0).toarray().ravel() if len(rule.ub) else 1.0
        return np.maximum(largest, tolerance) * np.ones(len(self.whole.value))

    def worthwhile(self, share: np.ndarray) -> np.ndarray:
        """The starts of positive value, by `share` (starts,), then by value for the room used."""
        value, share = self.whole.value, np.round(share, self.settings.greedy_digits)
        order = np.lexsort((-value / self.largest_share, -value * (share > 0), -share))
        return order[value[order] > 0]

    @cached_property
    def _by_start(self) -> sparse.csr_array:
        return self.uses.T.tocsr()

    def plan(self, wanted: np.ndarray) -> np.ndarray:
        """The plan (items, weeks) that takes `wanted` starts, the first ones first.

        All of a batch at once, a start is taken where it fits beside everything wanted before it;
        what is left of the batch and still fits alone is tried again.
        """
        taken = np.zeros(len(self.whole.value), bool)
        left = self.room + self.settings.tolerance * np.maximum(1, self.room)
        wanted = np.concatenate([self.demanded, wanted[~np.isin(wanted, self.demanded)]])
        batch = self.settings.greedy_batch
        for first in range(0, len(wanted), batch):
            part = wanted[first : first + batch]
            part = part[self._alone(part, left)]
            while len(part):
                fits = self._fits(part, left)
                taken[part[fits]] = True
                left = left - self._by_start[part[fits]].sum(axis=0)
                part = part[~fits]
                part = part[self._alone(part, left)]
        return self.whole.plan(taken)

    def _fits(self, wanted: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Which starts fit beside all that are wanted before them, bool (wanted,)."""
        use = self._by_start[wanted]
        order = np.argsort(use.indices, kind="stable")
        row, amount = use.indices[order], use.data[order]
        running = np.cumsum(amount)
        first = np.searchsorted(row, row)
        running = running - (running[first] - amount[first])
        start = np.repeat(np.arange(len(wanted)), np.diff(use.indptr))[order]
        return np.bincount(start, running > left[row], minlength=len(wanted)) == 0

    def _alone(self, wanted: np.ndarray, left: np.ndarray) -> np.ndarray:
        use = self._by_start[wanted]
        start = np.repeat(np.arange(len(wanted)), np.diff(use.indptr))
        return np.bincount(start, use.data > left[use.indices], minlength=len(wanted)) == 0


def _started(whole: Compact, choice: np.ndarray) -> np.ndarray:
    """Which starts a plan (items, weeks) makes, bool (starts,)."""
    merged = whole.program.merged
    calendar = np.full((len(merged.weight), choice.shape[1] + 2), NOTHING)
    calendar[merged.of, 1:-1] = choice
    item, week, length, option = whole.starts
    variable, at_item, at_week, at_option = whole.weeks
    same = calendar[at_item, at_week + 1] == at_option
    covered = np.bincount(variable, same, minlength=len(item)) == length
    longest = whole.program.problem.duration[1]
    around = (calendar[item, week] == option) | (calendar[item, week + length + 1] == option)
    return covered & ~(around & (longest > 1))
