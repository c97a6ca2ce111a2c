"""Initial prices of the dual search: exact where one week has one budget and category slots.

Given the price of money, the price of a category's slots is what the best promotion left without
a slot would earn. So one number is left to search: the price at which the budget is just kept,
bisected (the linear multiple-choice knapsack; Kellerer, Pferschy and Pisinger, "Knapsack
Problems", 2004, ch. 11). An option that is an item's best at two prices is so at any between, so
each step looks at fewer items.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ml.solver.calendars import DynamicProgram


def initial_prices(program: DynamicProgram) -> np.ndarray:
    """The price of each row of the limits, (rows,); zeros where the problem is not of that kind."""
    limits, prices = program.limits, np.zeros(len(program.limits.room))
    slots = slice(limits.offsets["slots"], limits.offsets["week_slots"])
    covered = np.zeros(len(prices), bool)
    covered[0] = covered[slots] = True
    plain = program.value.shape[1] == 1 and not program.needed.any() and (limits.weight == 1).all()
    if plain and program.problem.max_promotions and not np.isfinite(limits.room[~covered]).any():
        week = _Week(program)
        prices[0] = _money(week, limits.room[0])
        prices[slots] = week.select(prices[0]).slot
    return prices


def _money(week: "_Week", budget: float) -> float:
    """The lowest price of money, by bisection, at which the best promotions keep the budget."""
    settings = week.program.settings
    at_low = week.select(0.0)
    if at_low.spent <= budget:
        return 0.0
    low, high = 0.0, 1.0
    at_high = week.select(high)
    while at_high.spent > budget:
        low, at_low, high = high, at_high, 2 * high
        at_high = week.select(high)
    for _ in range(settings.halvings):
        unspent = budget - at_high.spent
        few = unspent * at_high.promotions <= settings.halving_rest * at_high.spent
        if few and (high - low) * unspent <= settings.halving_tolerance * at_high.earned:
            break  # the bound is convex: so much lower it can be at a lower price
        middle = (low + high) / 2
        there = week.select(middle, at_low.option, at_high.option)
        if there.spent > budget:
            low, at_low = middle, there
        else:
            high, at_high = middle, there
    return high


@dataclass(frozen=True)
class _Selection:
    """At a price of money: each item's best option, the slots' prices, and the plan's totals."""

    option: np.ndarray
    slot: np.ndarray
    promotions: int
    spent: float
    earned: float


@dataclass(frozen=True)
class _Week:
    """The only week of a program; value and cost are (items, options)."""

    program: DynamicProgram

    @cached_property
    def value(self) -> np.ndarray:
        return np.ascontiguousarray(self.program.value[:, 0].T)

    @cached_property
    def cost(self) -> np.ndarray:
        return np.ascontiguousarray(self.program.cost[:, 0].T)

    @cached_property
    def each(self) -> np.ndarray:
        return np.arange(len(self.value))

    @cached_property
    def scarce(self) -> tuple[np.ndarray, np.ndarray]:
        """Categories with fewer slots than items, and their slots."""
        problem, tolerance = self.program.problem, self.program.settings.halving_tolerance
        size = np.bincount(problem.category, minlength=len(problem.slots))
        slots = np.minimum(np.floor(problem.slots[:, 0] + tolerance), size).astype(int)
        scarce = np.flatnonzero(slots < size)
        return scarce, slots[scarce]

    @cached_property
    def table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Items of the categories in `scarce`, each with its row and column in a table of them."""
        scarce, _ = self.scarce
        row = np.full(len(self.program.problem.slots), -1)
        row[scarce] = np.arange(len(scarce))
        row = row[self.program.problem.category]
        order = np.argsort(row, kind="stable")
        order = order[np.searchsorted(row[order], 0) :]
        first = np.searchsorted(row[order], np.arange(len(scarce)))
        return order, row[order], np.arange(len(order)) - first[row[order]]

    def select(
        self, price: float, dear: np.ndarray | None = None, cheap: np.ndarray | None = None
    ) -> _Selection:
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
        taken = net > slot[self.program.problem.category]
        sums = float(cost[taken].sum()), float(value[taken].sum())
        return _Selection(option, slot, int(taken.sum()), *sums)

    def _slot(self, net: np.ndarray) -> np.ndarray:
        """Net value of the best item left without a slot, 0 where none is, (categories,)."""
        price = np.zeros(len(self.program.problem.slots))
        scarce, slots = self.scarce
        if len(scarce):
            item, row, column = self.table
            table = np.full((len(scarce), column.max() + 1), np.inf)
            table[row, column] = -net[item]
            table.sort(axis=1)
            price[scarce] = np.maximum(-table[np.arange(len(scarce)), slots], 0.0)
        return price
