"""Where the search for prices starts: exact where one week has one budget and category slots.

With one price on money, the price of a category's slots is what the first promotion that finds no
place would earn. So one number is left to search: the price at which the budget is just kept,
found by halving (the linear multiple-choice knapsack; Kellerer, Pferschy and Pisinger, "Knapsack
Problems", 2004, ch. 11). An option that is an item's best at two prices is so at any between, so
each halving looks at fewer items.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ml.solver.calendars import Board

HALVINGS = 40
FEW = 10  # average promotions that the rest of the budget may be worth
CLOSE = 1e-8  # of what the plan earns, how far the bound may be from its lowest


def starting_prices(board: Board) -> np.ndarray:
    """A price for each row of the limits, (rows,); zeros where other limits than these are set."""
    limits, prices = board.limits, np.zeros(len(board.limits.room))
    slots = slice(limits.starts["slots"], limits.starts["week_slots"])
    known = np.zeros(len(prices), bool)
    known[0] = known[slots] = True
    plain = board.value.shape[1] == 1 and not board.needed.any() and (limits.weight == 1).all()
    if plain and board.problem.most and not np.isfinite(limits.room[~known]).any():
        week = _Week(board)
        prices[0] = _money(week, limits.room[0])
        prices[slots] = week.chosen(prices[0]).slot
    return prices


def _money(week: "_Week", budget: float) -> float:
    """The lowest price found at which the best promotions keep the budget."""
    at_low = week.chosen(0.0)
    if at_low.spent <= budget:
        return 0.0
    low, high = 0.0, 1.0
    at_high = week.chosen(high)
    while at_high.spent > budget:
        low, at_low, high = high, at_high, 2 * high
        at_high = week.chosen(high)
    for _ in range(HALVINGS):
        unspent = budget - at_high.spent
        few = unspent * at_high.promotions <= FEW * at_high.spent
        if few and (high - low) * unspent <= CLOSE * at_high.earned:
            break  # the bound is convex: so much lower it can be at a lower price
        middle = (low + high) / 2
        there = week.chosen(middle, at_low.option, at_high.option)
        if there.spent > budget:
            low, at_low = middle, there
        else:
            high, at_high = middle, there
    return high


@dataclass(frozen=True)
class _Chosen:
    """At a price of money: each item's best option, the slots' prices, and the plan's sums."""

    option: np.ndarray
    slot: np.ndarray
    promotions: int
    spent: float
    earned: float


@dataclass(frozen=True)
class _Week:
    """The only week of a board; value and cost are (items, options)."""

    board: Board

    @cached_property
    def value(self) -> np.ndarray:
        return np.ascontiguousarray(self.board.value[:, 0].T)

    @cached_property
    def cost(self) -> np.ndarray:
        return np.ascontiguousarray(self.board.cost[:, 0].T)

    @cached_property
    def each(self) -> np.ndarray:
        return np.arange(len(self.value))

    @cached_property
    def full(self) -> tuple[np.ndarray, np.ndarray]:
        """Categories with fewer slots than items, and their slots."""
        problem = self.board.problem
        size = np.bincount(problem.category, minlength=len(problem.slots))
        slots = np.minimum(np.floor(problem.slots[:, 0] + CLOSE), size).astype(int)
        short = np.flatnonzero(slots < size)
        return short, slots[short]

    @cached_property
    def shelves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Items of the categories in `full`, with a row and a column in a table for each."""
        short, _ = self.full
        row = np.full(len(self.board.problem.slots), -1)
        row[short] = np.arange(len(short))
        row = row[self.board.problem.category]
        order = np.argsort(row, kind="stable")
        order = order[np.searchsorted(row[order], 0) :]
        first = np.searchsorted(row[order], np.arange(len(short)))
        return order, row[order], np.arange(len(order)) - first[row[order]]

    def chosen(
        self, price: float, dear: np.ndarray | None = None, cheap: np.ndarray | None = None
    ) -> _Chosen:
        """The best promotions at a price; `dear`, `cheap`: best options below and above it."""
        if dear is None or cheap is None:
            option = (self.value - price * self.cost).argmax(axis=1)
        else:
            option = cheap.copy()
            open_ = np.flatnonzero(dear != cheap)
            option[open_] = (self.value[open_] - price * self.cost[open_]).argmax(axis=1)
        value, cost = self.value[self.each, option], self.cost[self.each, option]
        net = value - price * cost
        slot = self._slot(net)
        taken = net > slot[self.board.problem.category]
        sums = float(cost[taken].sum()), float(value[taken].sum())
        return _Chosen(option, slot, int(taken.sum()), *sums)

    def _slot(self, net: np.ndarray) -> np.ndarray:
        """What the best item left without a slot would earn, 0 where none is, (categories,)."""
        price = np.zeros(len(self.board.problem.slots))
        short, slots = self.full
        if len(short):
            item, row, column = self.shelves
            table = np.full((len(short), column.max() + 1), np.inf)
            table[row, column] = -net[item]
            table.sort(axis=1)
            price[short] = np.maximum(-table[np.arange(len(short)), slots], 0.0)
        return price
