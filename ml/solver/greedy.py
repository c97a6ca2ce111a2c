"""From a wish list of promotions to a whole plan that keeps every limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ml.errors import InfeasibleError
from ml.solver.compact import Compact
from ml.solver.problem import NOTHING, PlanProblem

ROUNDING = 1e-9
DIGITS = 9
PART = 4096


@dataclass(frozen=True)
class Packing:
    """The starts of promotions of `whole`, to be taken in any order as far as they fit.

    The starts in `demanded` are always taken, (n,).
    """

    whole: Compact
    demanded: np.ndarray

    @classmethod
    def of(cls, problem: PlanProblem, known: np.ndarray | None = None) -> "Packing":
        """Lay out a problem; demands are met as in the plan `known` (items, weeks).

        Raises:
            InfeasibleError: the problem demands promotions and no plan is known.
        """
        whole = Compact.of(problem)
        needed = whole.board.needed
        if not needed.any():
            return cls(whole, np.empty(0, int))
        if known is None:
            raise InfeasibleError(
                "taking promotions in turn cannot promise demanded ones; use solver.solve"
            )
        return cls(whole, np.flatnonzero(_started(whole, known) & needed[whole.starts[0]]))

    @cached_property
    def uses(self) -> sparse.csr_array:
        """What each start uses of every limit, (limits, starts)."""
        rules = [*self.whole.own, self.whole.shared]
        return sparse.vstack([rule.A for rule in rules], format="csr")

    @cached_property
    def room(self) -> np.ndarray:
        """What each limit holds, (limits,)."""
        rules = [*self.whole.own, self.whole.shared]
        return np.concatenate([np.broadcast_to(rule.ub, rule.A.shape[0]) for rule in rules])

    @cached_property
    def part(self) -> np.ndarray:
        """What each start uses of the shared limit it uses most of, a share > 0, (starts,)."""
        rule = self.whole.shared
        shares = rule.A.multiply(1 / np.maximum(rule.ub, ROUNDING)[:, None])
        most = shares.max(axis=0).toarray().ravel() if len(rule.ub) else 1.0
        return np.maximum(most, ROUNDING) * np.ones(len(self.whole.value))

    def worthwhile(self, share: np.ndarray) -> np.ndarray:
        """The starts that earn anything: by `share` (starts,), then by value for room."""
        value, rough = self.whole.value, np.round(share, DIGITS)
        order = np.lexsort((-value / self.part, -value * (rough > 0), -rough))
        return order[value[order] > 0]

    @cached_property
    def _by_start(self) -> sparse.csr_array:
        return self.uses.T.tocsr()

    def plan(self, wanted: np.ndarray) -> np.ndarray:
        """The plan (items, weeks) that takes `wanted` starts, the first ones first.

        All of a part at once, a start is taken where it fits beside everything wanted before it;
        what is left of the part and still fits alone has another turn.
        """
        taken = np.zeros(len(self.whole.value), bool)
        left = self.room + ROUNDING * np.maximum(1, self.room)
        wanted = np.concatenate([self.demanded, wanted[~np.isin(wanted, self.demanded)]])
        for first in range(0, len(wanted), PART):
            part = wanted[first : first + PART]
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
    merged = whole.board.merged
    calendar = np.full((len(merged.weight), choice.shape[1] + 2), NOTHING)
    calendar[merged.of, 1:-1] = choice
    item, week, length, option = whole.starts
    variable, at_item, at_week, at_option = whole.weeks
    same = calendar[at_item, at_week + 1] == at_option
    covered = np.bincount(variable, same, minlength=len(item)) == length
    longest = whole.board.problem.duration[1]
    around = (calendar[item, week] == option) | (calendar[item, week + length + 1] == option)
    return covered & ~(around & (longest > 1))
