"""The shared limits of a plan problem as rows: what a promotion uses of each, and their prices.

Rows, in this order: the budget, weekly budgets, category budgets, category-week slots, week
slots, exclusive groups by week, shared stock by week. A limit that is not set has room inf.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ml.solver.problem import PlanProblem, ShadowPrices

TEXTS = {
    "budget": "the budget",
    "week_budget": "the budget of {week}",
    "category_budget": "the budget of {category}",
    "slots": "the slots of {category} in {week}",
    "week_slots": "the slots of {week}",
    "exclusive": "one at a time of {exclusive} in {week}",
    "shared_stock": "the stock of {stock} that promotions share in {week}",
}
AXES = {
    "budget": (),
    "week_budget": ("week",),
    "category_budget": ("category",),
    "slots": ("category", "week"),
    "week_slots": ("week",),
    "exclusive": ("exclusive", "week"),
    "shared_stock": ("stock", "week"),
}
Entries = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Limits:
    """The rows of `problem`; `weight` (items,) is how many slots an item's promotion takes."""

    problem: PlanProblem
    weight: np.ndarray

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        categories, weeks = self.problem.slots.shape
        return {
            "budget": (1,),
            "week_budget": (weeks,),
            "category_budget": (categories,),
            "slots": (categories, weeks),
            "week_slots": (weeks,),
            "exclusive": (len(self.problem.exclusive), weeks),
            "shared_stock": (0, weeks)
            if self.problem.shared_stock is None
            else self.problem.shared_stock.room.shape,
        }

    @cached_property
    def offsets(self) -> dict[str, int]:
        sizes = np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes.values())])
        return dict(zip([*self.shapes, "end"], sizes.tolist(), strict=True))

    @cached_property
    def room(self) -> np.ndarray:
        """The right-hand side of each row, (rows,)."""
        limits = {
            "budget": np.array([self.problem.budget]),
            "week_budget": self.problem.week_budget,
            "category_budget": self.problem.category_budget,
            "slots": self.problem.slots,
            "week_slots": self.problem.week_slots,
            "exclusive": np.ones(self.shapes["exclusive"]),
            "shared_stock": None
            if self.problem.shared_stock is None
            else self.problem.shared_stock.room,
        }
        rooms = [
            np.full(self.shapes[name], np.inf) if limit is None else limit
            for name, limit in limits.items()
        ]
        return np.concatenate([np.ravel(room).astype(float) for room in rooms])

    @cached_property
    def finite(self) -> np.ndarray:
        """The rows whose limit is set, (finite rows,)."""
        return np.flatnonzero(np.isfinite(self.room))

    @cached_property
    def members(self) -> sparse.csr_array:
        """How many items of an exclusive group an item or block stands for, (items, groups)."""
        sets = self.problem.exclusive
        item = np.concatenate([*sets, np.empty(0, int)]).astype(int)
        of = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
        shape = (len(self.problem.category), len(sets))
        return sparse.csr_array((np.ones(len(item)), (item, of)), shape=shape)

    def name(self, row: int) -> str:
        """A row as text: `the slots of BEEF in the week of 2017-12-18 (8)`."""
        sizes = {name: int(np.prod(shape)) for name, shape in self.shapes.items()}
        limit = next(name for name in sizes if row < self.offsets[name] + sizes[name])
        at = np.unravel_index(row - self.offsets[limit], self.shapes[limit])
        texts: dict[str, Callable[[int], str]] = {
            "week": self.problem.names.week,
            "category": self.problem.names.category,
            "exclusive": self._exclusive,
            "stock": self._stock,
        }
        place = {axis: texts[axis](int(k)) for axis, k in zip(AXES[limit], at, strict=False)}
        return f"{TEXTS[limit].format(**place)} ({self.room[row]:g})"

    def _exclusive(self, which: int) -> str:
        return self.problem.names.several(self.problem.exclusive[which].tolist())

    def _stock(self, which: int) -> str:
        shared_stock = self.problem.shared_stock
        return (
            ""
            if shared_stock is None
            else self.problem.names.several([int(shared_stock.owner[which])])
        )

    def by_name(self, prices: np.ndarray) -> ShadowPrices:
        """The prices of the rows, (rows,), by limit."""
        part = {
            name: prices[self.offsets[name] :][: int(np.prod(shape))].reshape(shape)
            for name, shape in self.shapes.items()
        }
        return ShadowPrices(float(part.pop("budget")[0]), **part)

    def entries(self, item: np.ndarray, week: np.ndarray, option: np.ndarray) -> Entries:
        """What promoted weeks use, as a sparse matrix: row, promoted week (an index), amount."""
        problem, offset = self.problem, self.offsets
        each, category = np.arange(len(item)), problem.category[item]
        cost, weight = problem.cost[item, week, option], self.weight[item]
        weeks = problem.slots.shape[1]
        rows = [np.full(len(item), offset["budget"])]
        amounts = [cost]
        if problem.week_budget is not None:
            rows.append(offset["week_budget"] + week)
            amounts.append(cost)
        if problem.category_budget is not None:
            rows.append(offset["category_budget"] + category)
            amounts.append(cost)
        rows.append(offset["slots"] + category * weeks + week)
        amounts.append(weight)
        if problem.week_slots is not None:
            rows.append(offset["week_slots"] + week)
            amounts.append(weight)
        by = [each] * len(rows)
        if problem.exclusive:
            places = self.members[item].tocoo()
            promoted, which = places.coords
            rows.append(offset["exclusive"] + which * weeks + week[promoted])
            amounts.append(places.data)
            by.append(promoted)
        if problem.shared_stock_use is not None:
            options = problem.value.shape[2]
            taken = problem.shared_stock_use[(item * weeks + week) * options + option].tocoo()
            promoted, which = taken.coords
            rows.append(offset["shared_stock"] + which)
            amounts.append(taken.data)
            by.append(promoted)
        return np.concatenate(rows), np.concatenate(by), np.concatenate(amounts)

    def usage(self, item: np.ndarray, week: np.ndarray, option: np.ndarray) -> np.ndarray:
        """How much promoted weeks use of every row, (rows,)."""
        row, _, amount = self.entries(item, week, option)
        return np.bincount(row, amount, minlength=len(self.room))
