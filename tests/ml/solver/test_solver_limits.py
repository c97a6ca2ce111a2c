"""Every limit of the plan problem, on instances small enough to try every plan."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ml.solver.checker import violations
from ml.solver.problem import FREE, NOTHING, SOMETHING, PlanProblem
from ml.solver.shared_stock import SharedStock
from ml.solver.solve import solve

SEEDS = range(2)


def plain(seed, items=3, weeks=4, options=2):
    rng = np.random.default_rng(seed)
    shape = (items, weeks, options)
    return PlanProblem(
        value=rng.normal(2, 3, shape),
        cost=rng.uniform(0.5, 2, shape),
        allowed=rng.random(shape) < 0.9,
        category=np.arange(items) % 2,
        slots=np.full((2, weeks), 2),
        gap=np.ones(items, int),
        max_promotions=2,
        budget=9.0,
        units=rng.uniform(1, 3, shape),
        stock=np.full((items, weeks), 99.0),
    )


def longer(problem):
    return replace(problem, duration=(2, 3))


LIMITS = {
    "budget": lambda p: replace(p, budget=3.0),
    "week_budget": lambda p: replace(p, week_budget=np.array([1.5, 1, 2, 1.5])),
    "category_budget": lambda p: replace(p, category_budget=np.array([2.5, 1.5])),
    "slots": lambda p: replace(p, slots=np.array([[1, 1, 0, 1], [1, 0, 1, 1]])),
    "week_slots": lambda p: replace(p, week_slots=np.array([1, 1, 2, 1])),
    "exclusive": lambda p: replace(p, exclusive=(np.array([0, 1]), np.array([1, 2]))),
    "max_promotions": lambda p: replace(p, max_promotions=1),
    "gap": lambda p: replace(p, gap=np.array([2, 3, 2])),
    "duration": longer,
    "stock": lambda p: replace(p, stock=np.array([[1, 2, 3, 4]] * 3, float)),
    "shared_stock": lambda p: replace(p, shared_stock=companions()),
    "shared_stock_of_groups": lambda p: replace(
        p, shared_stock=companions(), group=np.array([0, 1, 0])
    ),
    "group": lambda p: replace(p, group=np.array([0, 1, 0])),
    "must": lambda p: replace(p, must=np.ones(3, bool), value=p.value - 5),
    "pinned": lambda p: replace(p, allowed=np.ones_like(p.allowed), pinned=pins()),
    "pinned_beside_better_weeks": lambda p: replace(
        p, allowed=np.ones_like(p.allowed), pinned=second_week(), value=p.value + TEMPTING
    ),
    "stock_of_groups": lambda p: replace(
        p, group=np.array([0, 1, 0]), stock=np.array([[3, 3, 3, 5]] * 3, float)
    ),
    "long_and_pinned": lambda p: longer(replace(p, allowed=np.ones_like(p.allowed), pinned=pins())),
    "long_and_short_of_stock": lambda p: longer(
        replace(p, stock=np.array([[3, 4, 5, 6]] * 3, float))
    ),
}


TEMPTING = np.array([9.0, 0.0, 9.0, 0.0])[:, None]  # a gap of one week rules these out


def second_week():
    pinned = np.full((3, 4), FREE)
    pinned[:, 1] = SOMETHING
    return pinned


def companions():
    """Items 1 and 2 lean on item 0's stock, as it does; on item 1's lean 0 and 2 for two weeks."""
    rng = np.random.default_rng(3)
    item, option = np.array([0, 0, 1, 1, 2, 0, 1, 2, 2]), np.array([0, 1, 0, 1, 1, 1, 1, 0, 1])
    stock = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])
    return SharedStock(
        item=item,
        option=option,
        stock=stock,
        units=rng.uniform(0.5, 2, (9, 4)),
        room=np.array([[2, 1, np.inf, 3], [2, 3, 2, 2]]),
        lasts=np.array([1, 2]),
        owner=np.array([0, 1]),
    )


def pins():
    pinned = np.full((3, 4), FREE)
    pinned[0, 0], pinned[1, 1], pinned[2, 3] = 1, NOTHING, SOMETHING
    return pinned


def worth(problem, choice):
    item, week = np.nonzero(choice != NOTHING)
    return problem.value[item, week, choice[item, week]].sum()


def best_by_enumeration(problem):
    """Try every plan whose calendars are lawful one by one."""
    items, weeks, options = problem.value.shape
    calendars = [np.array(c) for c in product(range(-1, options), repeat=weeks)]
    alone = replace(
        problem,
        budget=np.inf,
        week_budget=None,
        category_budget=None,
        slots=np.full(problem.slots.shape, 99),
        week_slots=None,
        exclusive=(),
        shared_stock=None,
        group=None,
        must=None,
        pinned=None,
    )
    empty = np.full((items, weeks), NOTHING)

    def lawful(item):
        choices = []
        for calendar in calendars:
            choice = empty.copy()
            choice[item] = calendar
            if not violations(alone, choice):
                choices.append((worth(problem, choice), calendar))
        return choices

    every = sorted(
        product(*(lawful(item) for item in range(items))),
        key=lambda picks: -sum(value for value, _ in picks),
    )
    plans = (np.array([calendar for _, calendar in picks]) for picks in every)
    return next((worth(problem, plan) for plan in plans if not violations(problem, plan)), None)


@pytest.mark.parametrize("limit", LIMITS)
def test_no_plan_within_the_limit_beats_the_one_found(limit):
    for seed in SEEDS:
        problem = LIMITS[limit](plain(seed))
        best = best_by_enumeration(problem)
        if best is None:
            continue

        solution = solve(problem)

        assert violations(problem, solution.choice) == []
        assert solution.objective == pytest.approx(best, abs=1e-6)
        assert solution.bound >= best - 1e-6
