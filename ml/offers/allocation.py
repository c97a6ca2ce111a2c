"""Which customer gets which offers, within one budget and each customer's cap.

A price on the budget splits the problem into one choice per customer: the offers worth most
after paying that price, as many as the customer's cap allows (the multiple-choice knapsack's
dual; Kellerer, Pferschy and Pisinger, "Knapsack Problems", 2004, ch. 11). With many customers the
cheapest price that keeps the budget wastes less than one customer's offers.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.errors import InfeasibleError

STEPS = 60
TINY = 1e-12
CLOSE = 1e-12  # of the price, the width at which the search ends
ENOUGH = 1e-7  # of the bound, the shortfall at which it ends too
MOST_FILLED = 100_000  # offers tried for what is left of the budget
SAMPLE = 50  # one customer in so many finds the price to start from


@dataclass(frozen=True)
class Priced:
    """All customers' best offers at one price: their `value`, `cost` and the dual `bound`."""

    value: float
    cost: float
    bound: float

    @classmethod
    def at(cls, price: float, value: float, cost: float, budget: float) -> "Priced":
        """The dual bound of what offers earn and cost at a price of the budget."""
        return cls(value, cost, value - price * cost + price * budget)


@dataclass(frozen=True)
class Allocation:
    """`taken` bool (customers, offers); `price` of the budget; `bound` no allocation exceeds."""

    taken: np.ndarray
    objective: float
    bound: float
    price: float

    @property
    def gap(self) -> float:
        """The share of the bound that the allocation may fall short of the best one."""
        return 0.0 if self.bound <= 0 else max(0.0, 1.0 - self.objective / self.bound)


def allocate(value: np.ndarray, cost: np.ndarray, cap: np.ndarray, budget: float) -> Allocation:
    """Choose the offers that earn most.

    Args:
        value: incremental margin of an offer to a customer, with it less without it, money,
            (customers, offers); -inf where a rule, such as fatigue, forbids it.
        cost: expected cost, money, >= 0, the same shape.
        cap: most offers of each customer, int (customers,).
        budget: most total cost, money.

    Raises:
        InfeasibleError: the budget is negative.
    """
    if not budget >= 0:
        raise InfeasibleError(f"budget is {budget}; it must be >= 0: correct the policy")

    def dual(every: int) -> Callable[[float], Priced]:
        part = (value[::every], cost[::every], cap[::every])
        return lambda price: evaluate(*part, price, budget / every)

    large = len(value) > SAMPLE * SAMPLE
    start = find_price(dual(SAMPLE), budget / SAMPLE, None)[0] if large else None
    price, bound = find_price(dual(1), budget, start)
    taken = best_offers(value, cost, cap, price)
    if bound - float(value[taken].sum()) > ENOUGH * abs(bound):
        fill(taken, value, cost, cap, budget)
    return Allocation(taken, float(value[taken].sum()), bound, price)


def fill(
    taken: np.ndarray, value: np.ndarray, cost: np.ndarray, cap: np.ndarray, budget: float
) -> None:
    """Spend what one price leaves of the budget; changes `taken`.

    Where customers are few, that is a good part of it.
    """
    left, room = budget - float(cost[taken].sum()), cap - taken.sum(axis=1)
    customer, offer = np.nonzero(open_offers(taken, value, cost, cap, left))
    worth = value[customer, offer] / np.maximum(cost[customer, offer], TINY)
    order = np.argsort(-worth, kind="stable")[:MOST_FILLED]
    customer, offer = customer[order], offer[order]
    chosen = affordable(customer, cost[customer, offer], room[customer], left)
    taken[customer[chosen], offer[chosen]] = True


def open_offers(
    taken: np.ndarray, value: np.ndarray, cost: np.ndarray, cap: np.ndarray, left: float
) -> np.ndarray:
    """Offers that could still be made alone for what is left, bool (customers, offers)."""
    room = (cap > taken.sum(axis=1))[:, None]
    return np.asarray(~taken & (value > 0) & (cost <= left) & room)


def affordable(customer: np.ndarray, cost: np.ndarray, room: np.ndarray, left: float) -> list[int]:
    """Which of the offers (n,) fit into what is left, taken one by one in their order.

    `customer` is any key, `room` how many more offers that customer may get.
    """
    chosen: list[int] = []
    given: Counter[object] = Counter()
    for at, (who, price, most) in enumerate(zip(customer, cost, room, strict=True)):
        if price <= left and given[who] < most:
            chosen.append(at)
            given[who] += 1
            left -= float(price)
    return chosen


def find_price(
    dual: Callable[[float], Priced], budget: float, start: float | None
) -> tuple[float, float]:
    """The lowest price found at which the best offers keep the budget, and the lowest bound.

    `dual` prices all customers at once, here or on a cluster. The search brackets the price
    around `start` and halves the bracket.
    """
    free = dual(0.0)
    if free.cost <= budget:
        return 0.0, free.bound
    width, high = 1.01, start or free.value / max(free.cost, TINY)
    at_high, bound = dual(high), free.bound
    low = 0.0 if at_high.cost <= budget else high
    while at_high.cost > budget:
        low, high, width = high, high * width, width**2
        at_high = dual(high)
    if start and low == 0.0:
        below = dual(start / width)
        low, bound = (start / width if below.cost > budget else 0.0), min(bound, below.bound)
    bound = min(bound, at_high.bound)
    for _ in range(STEPS):
        if high - low <= CLOSE * high:
            break
        middle = (low + high) / 2
        there = dual(middle)
        bound = min(bound, there.bound)
        low, high = (middle, high) if there.cost > budget else (low, middle)
        if high == middle and bound - there.value <= ENOUGH * abs(bound):
            break
    return high, bound


def evaluate(
    value: np.ndarray, cost: np.ndarray, cap: np.ndarray, price: float, budget: float
) -> Priced:
    """What the customers' best offers earn and cost at a price of the budget."""
    taken = best_offers(value, cost, cap, price)
    return Priced.at(price, float(value[taken].sum()), float(cost[taken].sum()), budget)


def best_offers(value: np.ndarray, cost: np.ndarray, cap: np.ndarray, price: float) -> np.ndarray:
    """Each customer's offers of most value after the priced cost, bool (customers, offers)."""
    net = value - price * cost
    most = min(int(cap.max(initial=0)), net.shape[1])
    taken = np.zeros(net.shape, bool)
    left = net.copy()
    rows = np.arange(len(net))
    for rank in range(most):
        offer = left.argmax(axis=1)
        take = (left[rows, offer] > 0) & (rank < cap)
        taken[rows[take], offer[take]] = True
        left[rows, offer] = -np.inf
    return taken
