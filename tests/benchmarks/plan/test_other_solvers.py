"""Solvers of the same problem: whole plans that keep every limit, and never beat the best one."""

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest

from benchmarks.plan import continuous, evolution, instances, relaxation
from benchmarks.plan.peers import dual_bisection, highs
from ml.errors import InfeasibleError, PolicyError
from ml.solver.checker import violations
from ml.solver.greedy import Packing
from ml.solver.pareto import Measures, tradeoffs
from ml.solver.problem import FREE, NOTHING, SOMETHING, PlanProblem, worth
from ml.solver.settings import SolverSettings
from ml.solver.solve import solve

SOLVERS = {
    "ours": lambda problem: solve(problem).choice,
    "lp_rounding": relaxation.solve,
    "genetic": partial(evolution.genetic, evaluations=240),
    "swarm": partial(evolution.swarm, evaluations=240),
    "continuous": continuous.solve,
}
EXACT = {"ours", "genetic", "swarm"}  # on problems this small


def small(seed, **limits):
    """Three items of two categories, two weeks, two options: 729 plans."""
    rng = np.random.default_rng(seed)
    shape = (3, 2, 2)
    free = PlanProblem(
        value=rng.normal(2, 2, shape),
        cost=rng.uniform(0.5, 2, shape),
        allowed=rng.random(shape) < 0.9,
        category=np.array([0, 1, 0]),
        slots=np.full((2, 2), 2.0),
        gap=np.zeros(3, int),
        max_promotions=2,
        budget=9.0,
        units=rng.uniform(1, 3, shape),
        stock=np.full((3, 2), 99.0),
    )
    return replace(free, **limits)


SMALL = {
    "budget": small(1, budget=2.5),
    "week_budget": small(2, week_budget=np.array([1.5, 1.0])),
    "slots_and_gap": small(3, slots=np.array([[1.0, 0.0], [1.0, 1.0]]), gap=np.ones(3, int)),
    "stock_and_count": small(4, stock=np.array([[2.0, 3.0]] * 3), max_promotions=1),
    "group": small(5, group=np.array([0, 1, 0]), budget=4.0),
}
LARGER = {
    "one_budget": instances.one_week(30, 3),
    "slots_and_stock": instances.one_week(30, 3, category_size=10),
    "calendar": instances.calendar(20, 3, weeks=3),
}


def best_by_enumeration(problem):
    items, weeks, options = problem.value.shape
    plans = product(range(-1, options), repeat=items * weeks)
    choices = (np.array(plan).reshape(items, weeks) for plan in plans)
    return max(worth(problem, choice) for choice in choices if not violations(problem, choice))


@pytest.mark.parametrize("instance", SMALL)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_finds_or_nears_the_best_of_all_plans(instance, solver):
    problem = SMALL[instance]
    best = best_by_enumeration(problem)

    choice = SOLVERS[solver](problem)

    assert violations(problem, choice) == []
    assert worth(problem, choice) <= best + 1e-6
    assert worth(problem, choice) >= (1 - 1e-6 if solver in EXACT else 0.6) * best


@pytest.mark.parametrize("instance", LARGER)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_keeps_every_limit_of_a_larger_problem(instance, solver):
    problem = LARGER[instance]
    best, _ = highs(problem, gap=1e-9, seconds=30.0)

    choice = SOLVERS[solver](problem)

    assert violations(problem, choice) == []
    assert worth(problem, choice) <= worth(problem, best) + 1e-6
    assert worth(problem, choice) >= (0.999 if solver == "ours" else 0.6) * worth(problem, best)


@pytest.mark.parametrize("solver", ["lp_rounding", "genetic", "swarm", "continuous"])
def test_a_solver_that_cannot_promise_a_must_have_says_so(solver):
    problem = small(1, must=np.array([True, False, False]))

    with pytest.raises(InfeasibleError, match=r"use solver\.solve"):
        SOLVERS[solver](problem)


def test_an_objective_of_any_shape_is_maximised():
    # promoting both categories alike is worth more than any margin
    problem = small(6)

    def even(choice):
        by_category = np.bincount(problem.category, (choice != NOTHING).sum(axis=1), 2)
        return -abs(by_category[0] - by_category[1]) + 0.01 * worth(problem, choice)

    for search in (evolution.genetic, evolution.swarm):
        choice = search(problem, even, evaluations=400)
        promoted = np.bincount(problem.category, (choice != NOTHING).sum(axis=1), 2)
        assert promoted[0] == promoted[1] > 0


def test_a_start_waits_for_its_turn_and_is_left_out_where_nothing_is_left():
    value = np.array([[[3.0]], [[2.0]], [[1.0]]])
    problem = PlanProblem(
        value=value,
        cost=np.array([[[2.0]], [[2.0]], [[1.0]]]),
        allowed=np.ones(value.shape, bool),
        category=np.zeros(3, int),
        slots=np.full((1, 1), 9.0),
        gap=np.zeros(3, int),
        max_promotions=1,
        budget=3.0,
    )

    choice = Packing.of(problem).plan(np.array([0, 1, 2]))

    assert choice.ravel().tolist() == [0, NOTHING, 0]


def test_a_long_wish_list_is_taken_in_its_order_and_keeps_every_limit():
    problem = instances.calendar(300, 3, weeks=4)
    few = SolverSettings(greedy_batch=500)
    packing = Packing.of(problem, settings=few)
    wanted = np.argsort(-packing.whole.value, kind="stable")
    assert len(wanted) > 2 * few.greedy_batch

    choice = packing.plan(wanted)

    assert violations(problem, choice) == []
    assert worth(problem, choice) > worth(problem, packing.plan(wanted[::-1]))


def test_outlays_without_a_ladder_earn_alike_on_the_last_unit_of_money():
    # value = a cost - cost^2 / 2 on a fine ladder: 4 - x = 3 - y and x + y = 3
    cost = np.tile(np.linspace(0.1, 3, 30), (2, 1))[:, None, :]
    rise = np.array([4.0, 3.0])[:, None, None]
    problem = PlanProblem(
        value=rise * cost - cost**2 / 2,
        cost=cost,
        allowed=np.ones(cost.shape, bool),
        category=np.zeros(2, int),
        slots=np.full((1, 1), 9.0),
        gap=np.zeros(2, int),
        max_promotions=1,
        budget=3.0,
    )
    packing = Packing.of(problem)

    spent = continuous.best_outlays(packing, continuous.curves(packing))

    assert spent == pytest.approx([2.0, 1.0], abs=0.02)


def test_continuous_prices_need_promotions_of_one_week():
    problem = small(1, duration=(2, 2), gap=np.ones(3, int))

    with pytest.raises(PolicyError, match="longer than a week"):
        continuous.solve(problem)


def test_no_tradeoff_beats_another_and_all_keep_the_limits():
    problem = instances.calendar(40, 3, weeks=3)
    revenue = problem.value + 2 * problem.cost * np.linspace(0, 1, 8)
    measures = Measures(margin=problem.value, revenue=revenue, discount=problem.cost)

    found = tradeoffs(problem, measures)

    sums = np.array([[each.margin, each.revenue, -each.discount] for each in found])
    beaten = (sums[:, None] <= sums).all(axis=2) & (sums[:, None] < sums).any(axis=2)
    assert len(found) > 3
    assert not beaten.any()
    assert all(violations(problem, each.choice) == [] for each in found)
    assert sums[:, 0].max() >= 0.85 * solve(problem).objective


def test_demanded_promotions_stay_as_in_the_incumbent():
    pinned = np.full((3, 2), FREE)
    pinned[0, 1], pinned[1, 0] = SOMETHING, NOTHING
    problem = small(1, pinned=pinned, budget=4.0, allowed=np.ones((3, 2, 2), bool))
    incumbent = solve(problem).choice
    measures = Measures(problem.value, problem.value + problem.cost, problem.cost)

    found = tradeoffs(problem, measures, incumbent)

    assert len(found) > 1
    assert all(each.choice[0].tolist() == incumbent[0].tolist() for each in found)
    assert all(violations(problem, each.choice) == [] for each in found)


def test_tradeoffs_are_the_same_each_time():
    problem = instances.calendar(20, 4, weeks=2)
    measures = Measures(problem.value, problem.value + problem.cost, problem.cost)

    first, second = tradeoffs(problem, measures), tradeoffs(problem, measures)

    assert [each.choice.tobytes() for each in first] == [each.choice.tobytes() for each in second]


def test_dual_bisection_keeps_the_budget():
    problem = LARGER["one_budget"]

    choice = dual_bisection(problem)

    assert violations(problem, choice) == []
    assert (choice != NOTHING).any()


def test_a_large_plan_is_rounded_within_its_limits_and_the_same_each_time():
    problem = instances.calendar(1500, 5, weeks=4)

    first, second = solve(problem), solve(problem)

    assert (first.choice != NOTHING).sum() > 500
    assert violations(problem, first.choice) == []
    assert first.gap < 0.03
    assert np.array_equal(first.choice, second.choice)
