"""Stock that promotions of several items use: of gifts, of the other product of a bundle."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class SharedStock:
    """What options take from stocks that several items use.

    item, option, stock: (n,) which option of which item takes from which stock.
    units: what it takes in each week, items, >= 0, (n, weeks).
    room:  maximum that all may take; inf = no limit, (stocks, weeks).
    lasts: weeks until stock is replenished, the week of sale included, int (stocks,).
    owner: the item whose stock it is, (stocks,).
    """

    item: np.ndarray
    option: np.ndarray
    stock: np.ndarray
    units: np.ndarray
    room: np.ndarray
    lasts: np.ndarray
    owner: np.ndarray

    def usage(self, items: int, options: int) -> sparse.csr_array:
        """What each item, week and option takes of each stock and week.

        Rows run over (items, weeks, options), columns over (stocks, weeks).
        """
        weeks = self.units.shape[1]
        shape = (items * weeks * options, self.room.size)
        entry, week = np.nonzero(self.units > 0)
        amount, lasts = self.units[entry, week], self.lasts[self.stock[entry]]
        parts = []
        for later in range(int(lasts.max(initial=0))):
            reaches = (later < lasts) & (week + later < weeks)
            at = entry[reaches]
            row = (self.item[at] * weeks + week[reaches]) * options + self.option[at]
            column = self.stock[at] * weeks + week[reaches] + later
            parts.append(sparse.csr_array((amount[reaches], (row, column)), shape=shape))
        return sparse.csr_array(sum(parts, sparse.csr_array(shape)))
