"""Instances of a retailer's size: products with a price, a demand and an elasticity, drawn.

Baseline units, prices and elasticities vary between products; an option is a discount depth.
Extra units follow a constant elasticity; cost is the markdown on all promoted units.
"""

import numpy as np

from ml.solver.problem import PlanProblem

DEPTHS = np.array([0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4])


def one_week(items: int, seed: int, category_size: int | None = None) -> PlanProblem:
    """One week and one budget; with `category_size` also category slots and stock."""
    rng = np.random.default_rng(seed)
    value, cost, units = _economics(rng, items, 1)
    categories = 1 if category_size is None else max(1, items // category_size)
    category = rng.integers(0, categories, items)
    stock = None if category_size is None else units[:, :, 0] * rng.uniform(0.8, 4, (items, 1))
    slots = np.full((categories, 1), np.inf if category_size is None else category_size // 5)
    return PlanProblem(
        value=value,
        cost=cost,
        allowed=np.ones(value.shape, bool),
        category=category,
        slots=slots,
        gap=np.zeros(items, int),
        max_promotions=1,
        budget=0.2 * _dearest(value, cost),
        units=None if stock is None else units,
        stock=stock,
    )


def calendar(items: int, seed: int, weeks: int = 8) -> PlanProblem:
    """Eight weeks: a minimum gap, a maximum count, weekly budgets and category slots."""
    rng = np.random.default_rng(seed)
    value, cost, _ = _economics(rng, items, weeks)
    categories = max(1, items // 500)
    return PlanProblem(
        value=value,
        cost=cost,
        allowed=np.ones(value.shape, bool),
        category=rng.integers(0, categories, items),
        slots=np.full((categories, weeks), 50.0),
        gap=rng.integers(1, 4, items),
        max_promotions=2,
        budget=np.inf,
        week_budget=np.full(weeks, 0.05 * _dearest(value, cost) / weeks),
    )


def _economics(
    rng: np.random.Generator, items: int, weeks: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Extra margin, markdown cost and units sold, (items, weeks, depths)."""
    baseline = rng.lognormal(2, 1, (items, 1, 1)) * rng.lognormal(0, 0.2, (items, weeks, 1))
    price = rng.lognormal(1, 0.6, (items, 1, 1))
    share = rng.uniform(0.25, 0.6, (items, 1, 1))
    elasticity = rng.normal(-2.5, 0.7, (items, 1, 1)).clip(-5, -0.5)
    lift = rng.normal(0.3, 0.15, (items, weeks, 1)).clip(0)
    units = baseline * np.exp(lift) * (1 - DEPTHS) ** elasticity
    value = units * price * (share - DEPTHS) - baseline * price * share
    return value, units * price * DEPTHS, units


def _dearest(value: np.ndarray, cost: np.ndarray) -> float:
    """What it costs to give every item and week its most valuable option."""
    best = value.argmax(axis=2)[:, :, None]
    worth = np.take_along_axis(value, best, 2) > 0
    return float((np.take_along_axis(cost, best, 2) * worth).sum())


def audience(customers: int, offers: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Incremental margin and expected cost (customers, offers), and a tenth of all as budget.

    A customer buys an offered product with a chance that the offer raises; one offer in ten is
    ruled out by fatigue.
    """
    rng = np.random.default_rng(seed)
    without = rng.beta(1, 12, (customers, offers))
    with_ = without + (1 - without) * rng.beta(1, 8, (customers, offers))
    margin, discount = rng.uniform(1, 6, offers), rng.uniform(0.5, 3, offers)
    value = (with_ - without) * margin - with_ * discount * 0.3
    value[rng.random(value.shape) < 0.1] = -np.inf
    cost = with_ * discount
    return value, cost, 0.1 * float(cost[value > 0].sum())
