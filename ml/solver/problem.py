"""The plan problem: arrays in, an integer plan with its bound out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ml.errors import InfeasibleError
from ml.solver.shared_stock import SharedStock

NOTHING = -1  # no promotion
FREE = -2  # pinned: the solver decides
SOMETHING = -3  # pinned: a promotion, the solver decides which


@dataclass(frozen=True)
class Names:
    """What a problem's indices stand for, for messages; where empty, the index is printed."""

    items: Sequence[str] = ()
    categories: Sequence[str] = ()
    weeks: Sequence[str] = ()

    def several(self, items: Iterable[int]) -> str:
        """Items as text: `products 1029743, 1070820`."""
        named = len(self.items) > 0
        listed = ", ".join(str(self.items[at] if named else at) for at in items)
        return f"{'products' if named else 'items'} {listed}"

    def category(self, at: int) -> str:
        return str(self.categories[at]) if len(self.categories) else f"category {at}"

    def week(self, at: int) -> str:
        """A week as text: `the week of 2017-12-18`."""
        return f"the week of {self.weeks[at]}" if len(self.weeks) else f"week {at}"


@dataclass(frozen=True)
class PlanProblem:
    """Choose at most one option per item and week; not choosing is possible unless demanded.

    A promotion is a run of weeks with one option. A limit that is None is not set.

    value:    gain of an option over no promotion, money, (items, weeks, options).
    cost:     what it takes from the budgets, money, >= 0, the same shape.
    allowed:  bool, the same shape; False: an exclusion, the margin floor or the price ladder.
    category: int64 (items,), index into the rows of `slots`.
    slots:    maximum promotions of a category in a week, (categories, weeks); inf = no limit.
    gap:      minimum weeks between two promotions of an item, int (items,).
    max_promotions:  of an item over all weeks.
    budget:   maximum total cost, money.
    week_budget:     maximum cost in a week, money, (weeks,).
    category_budget: maximum cost of a category, money, (categories,).
    week_slots:      maximum promotions in a week, (weeks,).
    exclusive:       index arrays of items that are never promoted together: of each array at
                     most one item in a week.
    duration: minimum and maximum weeks of a promotion; above one week `gap` must be >= 1, as
              two runs of one option would otherwise be one.
    units:    items sold by an option in its week, (items, weeks, options); goes with `stock`.
    stock:    items that promotions may sell until the end of each week, planned receipts
              included, (items, weeks).
    shared_stock:    what options take from stock that several items use.
    group:    (items,) int; items of one group share every promotion and must share a category.
    must:     bool (items,), the item is promoted at least once.
    pinned:   int (items, weeks), an option, NOTHING, SOMETHING or FREE: frozen promotions.
    names:    of items, categories and weeks, for messages.
    """

    value: np.ndarray
    cost: np.ndarray
    allowed: np.ndarray
    category: np.ndarray
    slots: np.ndarray
    gap: np.ndarray
    max_promotions: int
    budget: float
    week_budget: np.ndarray | None = None
    category_budget: np.ndarray | None = None
    week_slots: np.ndarray | None = None
    exclusive: tuple[np.ndarray, ...] = ()
    duration: tuple[int, int] = (1, 1)
    units: np.ndarray | None = None
    stock: np.ndarray | None = None
    shared_stock: SharedStock | None = None
    group: np.ndarray | None = None
    must: np.ndarray | None = None
    pinned: np.ndarray | None = None
    names: Names = Names()

    def __post_init__(self) -> None:
        self._check_arrays()
        self._check_rules()
        limits = {
            "budget": self.budget,
            "max_promotions": self.max_promotions,
            "slots": self.slots.min(initial=0),
            "week_budget": _minimum(self.week_budget),
            "category_budget": _minimum(self.category_budget),
            "week_slots": _minimum(self.week_slots),
            "stock": _minimum(self.stock),
            "shared stock": _minimum(None if self.shared_stock is None else self.shared_stock.room),
        }
        for name, limit in limits.items():
            if not limit >= 0:
                raise InfeasibleError(f"{name} is {limit}; it must be >= 0: correct the policy")

    @cached_property
    def shared_stock_use(self) -> sparse.csr_array | None:
        """What each item, week and option takes of shared stock, see `SharedStock.usage`."""
        items, _, options = self.value.shape
        return None if self.shared_stock is None else self.shared_stock.usage(items, options)

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
            raise ValueError(f"duration is {self.duration}; expected 1 <= minimum <= maximum")
        if longest > 1 and self.gap.min(initial=1) < 1:
            raise ValueError("promotions of several weeks need a gap of at least 1 week")
        if self.group is not None and len(np.unique(self.group)) != len(
            np.unique(np.column_stack([self.group, self.category]), axis=0)
        ):
            raise ValueError("the items of a group must be of one category")


def _minimum(limit: np.ndarray | None) -> float:
    return 0.0 if limit is None else float(limit.min(initial=0.0))


@dataclass(frozen=True)
class ShadowPrices:
    """What one more unit of each shared limit is worth (dual values), all >= 0.

    `budget` a number, `week_budget` (weeks,), `category_budget` (categories,), `slots`
    (categories, weeks), `week_slots` (weeks,), `exclusive` (exclusive groups, weeks),
    `shared_stock` (stocks, weeks).
    """

    budget: float
    week_budget: np.ndarray
    category_budget: np.ndarray
    slots: np.ndarray
    week_slots: np.ndarray
    exclusive: np.ndarray
    shared_stock: np.ndarray


@dataclass(frozen=True)
class PlanSolution:
    """An integer plan, and how far from the best one it can be.

    choice: option per item and week, int (items, weeks), NOTHING = no promotion.
    objective: the plan's value, money.
    bound: a value no plan exceeds, money.
    prices: value of one more unit of each shared limit.
    """

    choice: np.ndarray
    objective: float
    bound: float
    prices: ShadowPrices

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
        """Relative optimality gap: share of the bound that the plan may fall short of the best."""
        shortfall = self.bound - self.objective
        return 0.0 if shortfall <= 0 else shortfall / max(abs(self.bound), 1e-12)


def worth(problem: PlanProblem, choice: np.ndarray) -> float:
    """The value of a plan (items, weeks), summed in a fixed order."""
    item, week = np.nonzero(choice != NOTHING)
    return float(problem.value[item, week, choice[item, week]].sum())
