"""Whether calendars keep inside the stock, which counts from the first week on."""

from dataclasses import dataclass, replace

import numpy as np

from ml.solver.groups import Merged
from ml.solver.problem import NOTHING

ROUNDING = 1e-9


@dataclass(frozen=True)
class Stock:
    """Stock rows; in `order` they are sorted by block, which owns `count` from `first` on.

    units: (rows, weeks, options); stock: (rows, weeks). Both None: nothing is limited.
    """

    units: np.ndarray | None
    stock: np.ndarray | None
    order: np.ndarray
    first: np.ndarray
    count: np.ndarray

    def beyond_one_week(self, most_weeks: int) -> "Stock":
        """What is left to watch once every week's option fits alone."""
        return self if most_weeks > 1 else replace(self, units=None, stock=None)

    @classmethod
    def of(cls, merged: Merged) -> "Stock":
        count = np.bincount(merged.of)
        order = np.argsort(merged.of, kind="stable")
        return cls(merged.units, merged.stock, order, np.cumsum(count) - count, count)

    def fits_alone(self, shape: tuple[int, ...]) -> np.ndarray:
        """Whether a week's option fits without any other, (blocks, weeks, options)."""
        if self.units is None or self.stock is None:
            return np.ones(shape, bool)
        later = np.minimum.accumulate(self.stock[:, ::-1], axis=1)[:, ::-1]
        fits = (self.units <= later[:, :, None] + ROUNDING)[self.order]
        return np.logical_and.reduceat(fits, self.first, axis=0)

    def fits(self, block: np.ndarray, calendar: np.ndarray) -> np.ndarray:
        """Whether each calendar (n, weeks) of a block (n,) sells no more than there is."""
        if self.units is None or self.stock is None:
            return np.ones(len(block), bool)
        count = self.count[block]
        label = np.repeat(np.arange(len(block)), count)
        within = np.arange(len(label)) - np.repeat(np.cumsum(count) - count, count)
        row = self.order[self.first[block[label]] + within]
        choice = calendar[label]
        weeks = np.arange(calendar.shape[1])
        sold = np.where(choice != NOTHING, self.units[row[:, None], weeks, choice], 0.0)
        short = (np.cumsum(sold, axis=1) > self.stock[row] + ROUNDING).any(axis=1)
        return np.bincount(label, short, minlength=len(block)) == 0
