from itertools import product

import numpy as np
import pytest

from ml.errors import InfeasibleError
from ml.offers.allocation import allocate


def customers(seed, count=4, offers=3):
    rng = np.random.default_rng(seed)
    value = rng.normal(1, 1, (count, offers))
    value[0, 0] = -np.inf
    return value, rng.uniform(0.2, 1.5, (count, offers)), rng.integers(0, 3, count)


def best_by_enumeration(value, cost, cap, budget):
    best = 0.0
    for bits in product((False, True), repeat=value.size):
        taken = np.array(bits).reshape(value.shape)
        if (taken.sum(axis=1) <= cap).all() and cost[taken].sum() <= budget:
            best = max(best, value[taken].sum())
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_holds_and_every_limit_is_kept(seed):
    value, cost, cap = customers(seed)
    best = best_by_enumeration(value, cost, cap, budget=2.0)

    found = allocate(value, cost, cap, budget=2.0)

    assert cost[found.taken].sum() <= 2.0
    assert (found.taken.sum(axis=1) <= cap).all()
    assert found.objective == pytest.approx(value[found.taken].sum())
    assert found.objective <= best + 1e-9
    assert found.bound >= best - 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_with_budget_to_spare_each_customer_gets_the_best_offers(seed):
    value, cost, cap = customers(seed)

    found = allocate(value, cost, cap, budget=99.0)

    assert found.objective == pytest.approx(best_by_enumeration(value, cost, cap, 99.0))
    assert found.price == 0.0
    assert found.gap == pytest.approx(0.0)


def test_many_customers_leave_next_to_no_gap():
    rng = np.random.default_rng(3)
    value, cost = rng.normal(0.5, 1, (20_000, 6)), rng.uniform(0.1, 1, (20_000, 6))

    found = allocate(value, cost, np.full(20_000, 2), budget=3_000.0)

    assert found.gap < 1e-4
    assert 2_999 < cost[found.taken].sum() <= 3_000
    assert found.taken.sum(axis=1).max() == 2


def test_what_one_price_leaves_of_the_budget_is_spent():
    value, cost = np.full((5, 1), 3.0), np.ones((5, 1))  # at any price all are taken, or none

    found = allocate(value, cost, np.ones(5, int), budget=3.5)

    assert found.objective == 9.0


def test_a_negative_budget_is_refused():
    with pytest.raises(InfeasibleError, match="budget"):
        allocate(*customers(1), budget=-1.0)
