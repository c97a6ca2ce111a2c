"""The plan problem: arrays in, an integer plan with its bound out."""

from dataclasses import dataclass

import numpy as np

from ml.errors import InfeasibleError

NOTHING = -1


@dataclass(frozen=True)
class PlanProblem:
    """Choose at most one option per item and week; not choosing is always possible.

    value:    worth of an option against no promotion, money, (items, weeks, options).
    cost:     what it takes from the budget, money, >= 0, the same shape.
    allowed:  bool, the same shape; False: stock, margin floor or price rule it out.
    category: (items,) index into the rows of `slots`.
    slots:    most promotions of a category in a week, int (categories, weeks).
    gap:      weeks that must lie between two promotions of an item, int (items,).
    most:     most promotions of an item over all weeks.
    budget:   most total cost, money.
    """

    value: np.ndarray
    cost: np.ndarray
    allowed: np.ndarray
    category: np.ndarray
    slots: np.ndarray
    gap: np.ndarray
    most: int
    budget: float

    def __post_init__(self) -> None:
        if not (self.value.ndim == 3 and self.value.shape == self.cost.shape == self.allowed.shape):
            raise ValueError(
                "value, cost and allowed must share 3 axes; received "
                f"{self.value.shape}, {self.cost.shape}, {self.allowed.shape}"
            )
        if not np.isfinite(self.value[self.allowed]).all():
            raise ValueError("the value of an allowed option must be finite")
        if not (self.cost[self.allowed] >= 0).all():
            raise ValueError("the cost of an allowed option must be >= 0")
        limits = {"budget": self.budget, "most": self.most, "slots": self.slots.min(initial=0)}
        for name, limit in limits.items():
            if not limit >= 0:
                raise InfeasibleError(f"{name} is {limit}; it must be >= 0: correct the policy")


@dataclass(frozen=True)
class PlanSolution:
    """An integer plan, and how far from the best one it can be.

    choice: option per item and week, int (items, weeks), NOTHING = no promotion.
    objective, bound: the plan's value, and a value no plan exceeds, money.
    budget_price: value of one more unit of budget.
    slot_prices: value of one more slot, money, (categories, weeks).
    """

    choice: np.ndarray
    objective: float
    bound: float
    budget_price: float
    slot_prices: np.ndarray

    @property
    def gap(self) -> float:
        """The share of the bound that the plan may fall short of the best one."""
        return 0.0 if self.bound <= 0 else max(0.0, 1.0 - self.objective / self.bound)
