"""Stock that the options of several items lean on: gifts, a bundle's other half."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Draws:
    """What options take from stocks that they share.

    item, option, stock: (n,) which option of which item takes from which stock.
    units: what it takes in each week, items, >= 0, (n, weeks).
    room:  most that all may take; inf = no limit, (stocks, weeks).
    lasts: weeks for which what is taken is missing, its own week included, int (stocks,).
    owner: the item whose stock it is, (stocks,).
    """

    item: np.ndarray
    option: np.ndarray
    stock: np.ndarray
    units: np.ndarray
    room: np.ndarray
    lasts: np.ndarray
    owner: np.ndarray

    def uses(self, items: int, options: int) -> sparse.csr_array:
        """What each item, week and option takes of each stock and week.

        Rows run over (items, weeks, options), columns over (stocks, weeks).
        """
        weeks = self.units.shape[1]
        shape = (items * weeks * options, self.room.size)
        entry, week = np.nonzero(self.units > 0)
        amount, lasts = self.units[entry, week], self.lasts[self.stock[entry]]
        parts = []
        for later in range(int(lasts.max(initial=0))):
            kept = (later < lasts) & (week + later < weeks)
            at = entry[kept]
            row = (self.item[at] * weeks + week[kept]) * options + self.option[at]
            column = self.stock[at] * weeks + week[kept] + later
            parts.append(sparse.csr_array((amount[kept], (row, column)), shape=shape))
        return sparse.csr_array(sum(parts, sparse.csr_array(shape)))
