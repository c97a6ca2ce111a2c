"""A whole plan near the linear one: round it, then improve it one item at a time."""

import numpy as np

from ml.solver.master import Master


def round_and_fill(master: Master, loss: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Take the columns that a linear plan takes mostly, then fill the room that is left.

    Args:
        master: the columns to choose between.
        loss: net value that each column is below its item's best, under the final prices, (n,).
        share: how much of each column a linear plan takes, (n,), 0 to 1; where it is
            above `SolverSettings.majority` the column is taken before the others.

    Returns:
        A plan (items, weeks) that keeps every shared limit: a column is taken, or changed for
        a better one of its item, only where all that it uses has room. The nearest to their
        item's best go first, then, until nothing changes, those that gain most.
    """
    if not len(master.columns.item):
        return master.fixed
    settings, filling = master.program.settings, _Filling(master)
    filling.begin(np.lexsort((loss, -share))[: int((share > settings.majority).sum())])
    filling.visit(np.argsort(loss, kind="stable"))
    for _ in range(settings.rounding_passes):
        gain = master.value - filling.earned(master.columns.item)
        better = np.flatnonzero(gain > settings.tolerance)
        if not filling.visit(better[np.argsort(-gain[better], kind="stable")]):
            break
    choice = master.fixed.copy()
    taken = filling.taken[filling.taken >= 0]
    choice[master.columns.item[taken]] = master.columns.calendar[taken]
    return choice


class _Filling:
    """Which column each item has taken, -1 for none, and the room that this leaves."""

    def __init__(self, master: Master) -> None:
        self.item, self.value = master.columns.item, master.value
        self.uses, self.room = master.uses.T.tocsr(), master.room.copy()
        self.tolerance = master.program.settings.tolerance
        self.slack = self.tolerance * np.maximum(1.0, np.abs(master.room))
        self.taken = np.full(len(master.fixed), -1)

    def begin(self, columns: np.ndarray) -> None:
        """Take the columns, at most one an item: all at once where all fit, else one by one."""
        used = self.uses[columns].sum(axis=0)
        if (used <= self.room + self.slack).all() and (self.value[columns] > self.tolerance).all():
            self.room -= used
            self.taken[self.item[columns]] = columns
        else:
            self.visit(columns)

    def earned(self, item: np.ndarray) -> np.ndarray:
        taken = self.taken[item]
        return np.where(taken >= 0, self.value[taken], 0.0)

    def visit(self, columns: np.ndarray) -> bool:
        """Take each column that improves its item and fits; whether any was."""
        changed = False
        for column in columns[self._may(columns)].tolist():
            before = self.taken[self.item[column]]
            now = self.value[before] if before >= 0 else 0.0
            if self.value[column] <= now + self.tolerance:
                continue
            self._use(before, -1.0)
            if self._fits(column):
                self._use(column, 1.0)
                self.taken[self.item[column]] = column
                changed = True
            else:
                self._use(before, 1.0)
        return changed

    def _may(self, columns: np.ndarray) -> np.ndarray:
        """Whether each column improves its item and fits now, bool (n,)."""
        before = self.taken[self.item[columns]]
        freed = self.uses[before].multiply((before >= 0)[:, None]).tocsr()
        more = (self.uses[columns] - freed).tocsr()
        over = more.data > (self.room + self.slack)[more.indices]
        row = np.repeat(np.arange(len(columns)), np.diff(more.indptr))
        fits = np.bincount(row, over, minlength=len(columns)) == 0
        gain = self.value[columns] - self.earned(self.item[columns])
        return np.asarray(fits & (gain > self.tolerance))

    def _part(self, column: int) -> slice:
        return slice(self.uses.indptr[column], self.uses.indptr[column + 1])

    def _fits(self, column: int) -> bool:
        part = self._part(column)
        rows = self.uses.indices[part]
        return bool((self.uses.data[part] <= self.room[rows] + self.slack[rows]).all())

    def _use(self, column: int, sign: float) -> None:
        if column >= 0:
            part = self._part(column)
            self.room[self.uses.indices[part]] -= sign * self.uses.data[part]
