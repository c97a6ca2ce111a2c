"""The shared limits of a plan problem as rows: what a promotion uses of each, and their prices.

Rows, in this order: the budget, weekly budgets, category budgets, category-week slots, week
slots, rival sets by week, shared stock by week. A limit that is not set has room inf.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ml.solver.problem import PlanProblem, Prices

WORDS = {
    "budget": "the budget",
    "week_budget": "the budget of {week}",
    "category_budget": "the budget of {category}",
    "slots": "the slots of {category} in {week}",
    "week_slots": "the slots of {week}",
    "rivals": "one at a time of {rivals} in {week}",
    "draws": "the stock of {stock} that offers share in {week}",
}
AXES = {
    "budget": (),
    "week_budget": ("week",),
    "category_budget": ("category",),
    "slots": ("category", "week"),
    "week_slots": ("week",),
    "rivals": ("rivals", "week"),
    "draws": ("stock", "week"),
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
            "rivals": (len(self.problem.rivals), weeks),
            "draws": (0, weeks) if self.problem.draws is None else self.problem.draws.room.shape,
        }

    @cached_property
    def starts(self) -> dict[str, int]:
        sizes = np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes.values())])
        return dict(zip([*self.shapes, "end"], sizes.tolist(), strict=True))

    @cached_property
    def room(self) -> np.ndarray:
        """How much each row holds, (rows,)."""
        given = {
            "budget": np.array([self.problem.budget]),
            "week_budget": self.problem.week_budget,
            "category_budget": self.problem.category_budget,
            "slots": self.problem.slots,
            "week_slots": self.problem.week_slots,
            "rivals": np.ones(self.shapes["rivals"]),
            "draws": None if self.problem.draws is None else self.problem.draws.room,
        }
        rooms = [
            np.full(self.shapes[name], np.inf) if limit is None else limit
            for name, limit in given.items()
        ]
        return np.concatenate([np.ravel(room).astype(float) for room in rooms])

    @cached_property
    def given(self) -> np.ndarray:
        """The rows that limit anything, (given rows,)."""
        return np.flatnonzero(np.isfinite(self.room))

    @cached_property
    def members(self) -> sparse.csr_array:
        """Which rival sets an item is in, (items, sets); its promotion takes that many places."""
        sets = self.problem.rivals
        item = np.concatenate([*sets, np.empty(0, int)]).astype(int)
        of = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
        shape = (len(self.problem.category), len(sets))
        return sparse.csr_array((np.ones(len(item)), (item, of)), shape=shape)

    def name(self, row: int) -> str:
        """A row in words: `the slots of BEEF in the week of 2017-12-18 (8)`."""
        sizes = {name: int(np.prod(shape)) for name, shape in self.shapes.items()}
        limit = next(name for name in sizes if row < self.starts[name] + sizes[name])
        at = np.unravel_index(row - self.starts[limit], self.shapes[limit])
        said: dict[str, Callable[[int], str]] = {
            "week": self.problem.names.week,
            "category": self.problem.names.category,
            "rivals": self._rivals,
            "stock": self._stock,
        }
        place = {axis: said[axis](int(k)) for axis, k in zip(AXES[limit], at, strict=False)}
        return f"{WORDS[limit].format(**place)} ({self.room[row]:g})"

    def _rivals(self, which: int) -> str:
        return self.problem.names.several(self.problem.rivals[which].tolist())

    def _stock(self, which: int) -> str:
        draws = self.problem.draws
        return "" if draws is None else self.problem.names.several([int(draws.owner[which])])

    def prices(self, vector: np.ndarray) -> Prices:
        """The rows' prices by the limits' names."""
        part = {
            name: vector[self.starts[name] :][: int(np.prod(shape))].reshape(shape)
            for name, shape in self.shapes.items()
        }
        return Prices(float(part.pop("budget")[0]), **part)

    def entries(self, item: np.ndarray, week: np.ndarray, option: np.ndarray) -> Entries:
        """What promoted weeks use: row, which promoted week (an index), amount."""
        problem, start = self.problem, self.starts
        each, category = np.arange(len(item)), problem.category[item]
        cost, weight = problem.cost[item, week, option], self.weight[item]
        weeks = problem.slots.shape[1]
        rows = [np.full(len(item), start["budget"])]
        amounts = [cost]
        if problem.week_budget is not None:
            rows.append(start["week_budget"] + week)
            amounts.append(cost)
        if problem.category_budget is not None:
            rows.append(start["category_budget"] + category)
            amounts.append(cost)
        rows.append(start["slots"] + category * weeks + week)
        amounts.append(weight)
        if problem.week_slots is not None:
            rows.append(start["week_slots"] + week)
            amounts.append(weight)
        by = [each] * len(rows)
        if problem.rivals:
            places = self.members[item].tocoo()
            promoted, which = places.coords
            rows.append(start["rivals"] + which * weeks + week[promoted])
            amounts.append(places.data)
            by.append(promoted)
        if problem.drawn is not None:
            options = problem.value.shape[2]
            taken = problem.drawn[(item * weeks + week) * options + option].tocoo()
            promoted, which = taken.coords
            rows.append(start["draws"] + which)
            amounts.append(taken.data)
            by.append(promoted)
        return np.concatenate(rows), np.concatenate(by), np.concatenate(amounts)

    def usage(self, item: np.ndarray, week: np.ndarray, option: np.ndarray) -> np.ndarray:
        """How much promoted weeks use of every row, (rows,)."""
        row, _, amount = self.entries(item, week, option)
        return np.bincount(row, amount, minlength=len(self.room))
