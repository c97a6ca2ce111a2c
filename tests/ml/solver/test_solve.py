from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import InfeasibleError
from ml.solver.problem import NOTHING, PlanProblem
from ml.solver.settings import SolverSettings
from ml.solver.solve import solve

ITEMS, WEEKS, OPTIONS = 3, 3, 2


def problem(seed, **changes):
    """Three items of two categories, shaped so that every limit binds in some instances."""
    rng = np.random.default_rng(seed)
    shape = (ITEMS, WEEKS, OPTIONS)
    tight = PlanProblem(
        value=rng.normal(3, 4, shape),
        cost=rng.uniform(0.2, 3, shape),
        allowed=rng.random(shape) < 0.9,
        category=np.array([0, 0, 1]),
        slots=np.array([[1, 1, 2], [1, 0, 1]]),
        gap=np.array([1, 0, 0]),
        max_promotions=2,
        budget=float(rng.uniform(1, 8)),
    )
    return replace(tight, **changes)


def keeps_every_limit(plan, choice):
    """Each rule in words, on one plan: slow, obvious and written apart from the solver."""
    spent, taken = 0.0, np.zeros(plan.slots.shape)
    for item, calendar in enumerate(choice):
        weeks = [week for week, option in enumerate(calendar) if option != NOTHING]
        if len(weeks) > plan.max_promotions:
            return False
        if any(later - earlier <= plan.gap[item] for earlier, later in pairwise(weeks)):
            return False
        for week in weeks:
            if not plan.allowed[item, week, calendar[week]]:
                return False
            spent += plan.cost[item, week, calendar[week]]
            taken[plan.category[item], week] += 1
    return spent <= plan.budget + 1e-6 and bool((taken <= plan.slots).all())


def worth(plan, choice):
    return sum(
        plan.value[item, week, option]
        for item, calendar in enumerate(choice)
        for week, option in enumerate(calendar)
        if option != NOTHING
    )


def best_by_enumeration(plan):
    """Try every schedule that is lawful item by item, then the shared limits."""
    items, weeks, options = plan.value.shape
    calendars = list(product(range(-1, options), repeat=weeks))
    empty = (NOTHING,) * weeks

    def lawful(item):
        return [
            calendar
            for calendar in calendars
            if keeps_every_limit(
                replace(plan, budget=np.inf, slots=np.full(plan.slots.shape, 99)),
                [calendar if other == item else empty for other in range(items)],
            )
        ]

    every = product(*(lawful(item) for item in range(items)))
    return max(worth(plan, choice) for choice in every if keeps_every_limit(plan, choice))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_no_plan_beats_the_one_found(seed):
    plan = problem(seed)

    solution = solve(plan)

    best = best_by_enumeration(plan)
    assert keeps_every_limit(plan, solution.choice)
    assert solution.objective == pytest.approx(worth(plan, solution.choice))
    assert solution.objective == pytest.approx(best)
    assert solution.bound >= best - 1e-6


LOOSER = {
    "budget": {"budget": 99.0},
    "slots": {"slots": np.full((2, 3), 9)},
    "gap": {"gap": np.zeros(3, int)},
    "max_promotions": {"max_promotions": 3},
    "allowed": {"allowed": np.ones((3, 3, 2), bool)},
}


@pytest.mark.parametrize("limit", LOOSER)
def test_each_limit_binds(limit):
    loose = LOOSER | {"one": {}}
    alone = {k: v for name, change in loose.items() if name != limit for k, v in change.items()}
    bound_by_it = [solve(problem(seed, **alone)).objective for seed in range(6)]
    free = {k: v for change in loose.values() for k, v in change.items()}
    bound_by_none = [solve(problem(seed, **free)).objective for seed in range(6)]

    assert sum(bound_by_it) < sum(bound_by_none) - 0.1


def test_the_budgets_price_is_what_one_more_unit_earns():
    # ten equal items, each 3 for a cost of 2: a budget of 9 buys four and a half of them
    shape = (10, 1, 1)
    plan = PlanProblem(
        value=np.full(shape, 3.0),
        cost=np.full(shape, 2.0),
        allowed=np.ones(shape, bool),
        category=np.zeros(10, int),
        slots=np.array([[10]]),
        gap=np.zeros(10, int),
        max_promotions=1,
        budget=9.0,
    )

    solution = solve(plan)

    assert solution.objective == pytest.approx(12.0)
    assert solution.budget_price == pytest.approx(1.5)
    assert solution.bound <= 13.5 + 1e-6


def large(seed=1, items=200):
    rng = np.random.default_rng(seed)
    scale = rng.lognormal(0, 1, (items, 1, 1))
    shape = (items, 4, 12)
    return PlanProblem(
        value=scale * rng.normal(0.1, 1, shape),
        cost=scale * rng.uniform(0.2, 3, shape),
        allowed=rng.random(shape) < 0.9,
        category=rng.integers(0, 30, items),
        slots=np.full((30, 4), 8),
        gap=np.ones(items, int),
        max_promotions=2,
        budget=150.0,
    )


def test_a_large_plan_is_near_its_bound_and_the_same_each_time():
    first, second = solve(large()), solve(large())

    assert first.gap < 1e-3
    assert keeps_every_limit(large(), first.choice)
    assert (first.choice == second.choice).all()
    assert first.budget_price == second.budget_price


def test_a_wider_gap_is_kept_and_its_bound_holds():
    close, wide = solve(large(2)), solve(large(2), SolverSettings(target_gap=0.02))

    assert wide.gap <= 0.02
    assert keeps_every_limit(large(2), wide.choice)
    assert wide.objective < close.objective <= wide.bound + 1e-6


def test_without_budget_or_worth_nothing_is_promoted():
    broke, worthless = problem(1, budget=0.0), problem(1, value=np.full((3, 3, 2), -1.0))

    assert (solve(broke).choice == NOTHING).all()
    assert (solve(worthless).choice == NOTHING).all()
    assert solve(worthless).gap == 0.0


@pytest.mark.parametrize(
    "limit", [{"budget": -1.0}, {"max_promotions": -1}, {"slots": np.full((2, 3), -1)}]
)
def test_a_limit_that_nothing_keeps_is_refused_by_name(limit):
    with pytest.raises(InfeasibleError, match=next(iter(limit))):
        problem(1, **limit)


def test_a_missing_forecast_is_not_a_zero_gain():
    with pytest.raises(ValueError, match="finite"):
        problem(1, value=np.full((3, 3, 2), np.nan))


@pytest.mark.parametrize("seed", [0, 4, 5, 7])
def test_a_few_large_items_in_tight_limits_are_chosen_whole(seed):
    as_if_large = SolverSettings(large_promotions=0)
    tight = problem(seed)

    solution = solve(tight, as_if_large)

    assert solution.objective == pytest.approx(best_by_enumeration(tight), rel=2e-3)
