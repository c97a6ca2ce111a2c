"""Whether calendars keep inside the stock, which counts from the first week on."""

from dataclasses import dataclass

import numpy as np

from ml.promotions.groups import Merged
from ml.promotions.problem import NOTHING


@dataclass(frozen=True)
class Stock:
    """Stock rows sorted by the block that owns them: `count` of them from `first` on.

    units: (rows, weeks, options); stock: (rows, weeks). Both None: nothing is limited.
    """

    units: np.ndarray | None
    stock: np.ndarray | None
    order: np.ndarray
    first: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, merged: Merged) -> "Stock":
        count = np.bincount(merged.of)
        order = np.argsort(merged.of, kind="stable")
        return cls(merged.units, merged.stock, order, np.cumsum(count) - count, count)

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
        short = (np.cumsum(sold, axis=1) > self.stock[row] + 1e-9).any(axis=1)
        return np.bincount(label, short, minlength=len(block)) == 0
