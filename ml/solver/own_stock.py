"""Whether calendars sell no more of their own items than is in stock."""

from dataclasses import dataclass, replace

import numpy as np

from ml.solver.groups import Merged
from ml.solver.problem import NOTHING


@dataclass(frozen=True)
class OwnStock:
    """Stock rows; in `order` they are sorted by block, which owns `count` from `first` on.

    units: (rows, weeks, options); stock: (rows, weeks). Both None: nothing is limited.
    tolerance: absolute excess that counts as none, see `SolverSettings.tolerance`.
    """

    units: np.ndarray | None
    stock: np.ndarray | None
    order: np.ndarray
    first: np.ndarray
    count: np.ndarray
    tolerance: float

    def beyond_one_week(self, max_weeks: int) -> "OwnStock":
        """What is left to check once every week's option fits alone."""
        return self if max_weeks > 1 else replace(self, units=None, stock=None)

    @classmethod
    def of(cls, merged: Merged, tolerance: float) -> "OwnStock":
        count = np.bincount(merged.of)
        order = np.argsort(merged.of, kind="stable")
        return cls(merged.units, merged.stock, order, np.cumsum(count) - count, count, tolerance)

    def fits_alone(self, shape: tuple[int, ...]) -> np.ndarray:
        """Whether a week's option fits without any other, (blocks, weeks, options)."""
        if self.units is None or self.stock is None:
            return np.ones(shape, bool)
        later = np.minimum.accumulate(self.stock[:, ::-1], axis=1)[:, ::-1]
        fits = (self.units <= later[:, :, None] + self.tolerance)[self.order]
        return np.logical_and.reduceat(fits, self.first, axis=0)

    def fits(self, block: np.ndarray, calendar: np.ndarray) -> np.ndarray:
        """Whether each calendar (n, weeks) of a block (n,) sells no more than its stock."""
        if self.units is None or self.stock is None:
            return np.ones(len(block), bool)
        count = self.count[block]
        label = np.repeat(np.arange(len(block)), count)
        within = np.arange(len(label)) - np.repeat(np.cumsum(count) - count, count)
        row = self.order[self.first[block[label]] + within]
        choice = calendar[label]
        weeks = np.arange(calendar.shape[1])
        sold = np.where(choice != NOTHING, self.units[row[:, None], weeks, choice], 0.0)
        sold_out = (np.cumsum(sold, axis=1) > self.stock[row] + self.tolerance).any(axis=1)
        return np.bincount(label, sold_out, minlength=len(block)) == 0
