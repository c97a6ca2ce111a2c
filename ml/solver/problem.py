"""The plan problem: arrays in, an integer plan with its bound out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ml.errors import InfeasibleError
from ml.solver.shared_stock import Draws

NOTHING = -1  # no promotion
FREE = -2  # pinned: the solver decides
SOMETHING = -3  # pinned: some promotion, the solver decides which


@dataclass(frozen=True)
class Names:
    """What a problem's indices stand for, for messages; where empty, the index is said."""

    items: Sequence[str] = ()
    categories: Sequence[str] = ()
    weeks: Sequence[str] = ()

    def several(self, items: Iterable[int]) -> str:
        """Items in words: `products 1029743, 1070820`."""
        known = len(self.items) > 0
        listed = ", ".join(str(self.items[at] if known else at) for at in items)
        return f"{'products' if known else 'items'} {listed}"

    def category(self, at: int) -> str:
        return str(self.categories[at]) if len(self.categories) else f"category {at}"

    def week(self, at: int) -> str:
        """A week in words: `the week of 2017-12-18`."""
        return f"the week of {self.weeks[at]}" if len(self.weeks) else f"week {at}"


@dataclass(frozen=True)
class PlanProblem:
    """Choose at most one option per item and week; not choosing is possible unless demanded.

    A promotion is a run of weeks with one option. What is None limits nothing.

    value:    worth of an option against no promotion, money, (items, weeks, options).
    cost:     what it takes from the budgets, money, >= 0, the same shape.
    allowed:  bool, the same shape; False: an exclusion, the margin floor or the price ladder.
    category: (items,) index into the rows of `slots`.
    slots:    most promotions of a category in a week, (categories, weeks); inf = no limit.
    gap:      weeks that must lie between two promotions of an item, int (items,).
    most:     most promotions of an item over all weeks.
    budget:   most total cost, money.
    week_budget:     most cost in a week, money, (weeks,).
    category_budget: most cost of a category, money, (categories,).
    week_slots:      most promotions in a week, (weeks,).
    rivals:   index arrays of items; of each array at most one item is promoted in a week.
    duration: least and most weeks of a promotion; above one week `gap` must be >= 1, as two
              runs of one option would otherwise be one.
    units:    items sold by an option in its week, (items, weeks, options); goes with `stock`.
    stock:    items that promotions may sell until the end of each week, planned receipts
              included, (items, weeks).
    draws:    what options take from stock that several items lean on.
    group:    (items,) int; items of one group share every promotion and must share a category.
    must:     bool (items,), the item is promoted at least once.
    pinned:   int (items, weeks), an option, NOTHING, SOMETHING or FREE: frozen promotions.
    names:    what items, categories and weeks are called in messages.
    """

    value: np.ndarray
    cost: np.ndarray
    allowed: np.ndarray
    category: np.ndarray
    slots: np.ndarray
    gap: np.ndarray
    most: int
    budget: float
    week_budget: np.ndarray | None = None
    category_budget: np.ndarray | None = None
    week_slots: np.ndarray | None = None
    rivals: tuple[np.ndarray, ...] = ()
    duration: tuple[int, int] = (1, 1)
    units: np.ndarray | None = None
    stock: np.ndarray | None = None
    draws: Draws | None = None
    group: np.ndarray | None = None
    must: np.ndarray | None = None
    pinned: np.ndarray | None = None
    names: Names = Names()

    def __post_init__(self) -> None:
        self._check_arrays()
        self._check_rules()
        limits = {
            "budget": self.budget,
            "most": self.most,
            "slots": self.slots.min(initial=0),
            "week_budget": _least(self.week_budget),
            "category_budget": _least(self.category_budget),
            "week_slots": _least(self.week_slots),
            "stock": _least(self.stock),
            "shared stock": _least(None if self.draws is None else self.draws.room),
        }
        for name, limit in limits.items():
            if not limit >= 0:
                raise InfeasibleError(f"{name} is {limit}; it must be >= 0: correct the policy")

    @cached_property
    def drawn(self) -> sparse.csr_array | None:
        """What each item, week and option takes of each shared stock and week (`Draws.uses`)."""
        items, _, options = self.value.shape
        return None if self.draws is None else self.draws.uses(items, options)

    def _check_arrays(self) -> None:
        if not (self.value.ndim == 3 and self.value.shape == self.cost.shape == self.allowed.shape):
            raise ValueError(
                "value, cost and allowed must share 3 axes; received "
                f"{self.value.shape}, {self.cost.shape}, {self.allowed.shape}"
            )
        if not np.isfinite(self.value[self.allowed]).all():
            raise ValueError("the value of an allowed option must be finite")
        if not (self.cost[self.allowed] >= 0).all():
            raise ValueError("the cost of an allowed option must be >= 0")
        if (self.units is None) != (self.stock is None):
            raise ValueError("units and stock go together; received only one of them")
        for name in ("category", "gap", "group", "pinned"):
            array = getattr(self, name)
            if array is not None and array.dtype.itemsize < np.dtype(np.int64).itemsize:
                raise ValueError(f"{name} is {array.dtype}; expected int64: narrower ones overflow")
        if self.units is not None and not (self.units[self.allowed] >= 0).all():
            raise ValueError("the units of an allowed option must be >= 0")

    def _check_rules(self) -> None:
        shortest, longest = self.duration
        if not 1 <= shortest <= longest:
            raise ValueError(f"duration is {self.duration}; expected 1 <= least <= most")
        if longest > 1 and self.gap.min(initial=1) < 1:
            raise ValueError("promotions of several weeks need a gap of at least 1 week")
        if self.group is not None and len(np.unique(self.group)) != len(
            np.unique(np.column_stack([self.group, self.category]), axis=0)
        ):
            raise ValueError("the items of a group must be of one category")


def _least(limit: np.ndarray | None) -> float:
    return 0.0 if limit is None else float(limit.min(initial=0.0))


@dataclass(frozen=True)
class Prices:
    """What one more unit of each shared limit is worth (Lagrange multipliers), all >= 0.

    `budget` a number, `week_budget` (weeks,), `category_budget` (categories,), `slots`
    (categories, weeks), `week_slots` (weeks,), `rivals` (rival sets, weeks), `draws` (stocks,
    weeks).
    """

    budget: float
    week_budget: np.ndarray
    category_budget: np.ndarray
    slots: np.ndarray
    week_slots: np.ndarray
    rivals: np.ndarray
    draws: np.ndarray


@dataclass(frozen=True)
class PlanSolution:
    """An integer plan, and how far from the best one it can be.

    choice: option per item and week, int (items, weeks), NOTHING = no promotion.
    objective, bound: the plan's value, and a value no plan exceeds, money.
    prices: value of one more unit of each shared limit.
    """

    choice: np.ndarray
    objective: float
    bound: float
    prices: Prices

    @property
    def budget_price(self) -> float:
        """Value of one more unit of the total budget."""
        return self.prices.budget

    @property
    def slot_prices(self) -> np.ndarray:
        """Value of one more slot of a category in a week, money, (categories, weeks)."""
        return self.prices.slots

    @property
    def gap(self) -> float:
        """The share of the bound that the plan may fall short of the best one."""
        short = self.bound - self.objective
        return 0.0 if short <= 0 else short / max(abs(self.bound), 1e-12)


def worth(problem: PlanProblem, choice: np.ndarray) -> float:
    """The value of a plan (items, weeks), summed in a fixed order."""
    item, week = np.nonzero(choice != NOTHING)
    return float(problem.value[item, week, choice[item, week]].sum())
