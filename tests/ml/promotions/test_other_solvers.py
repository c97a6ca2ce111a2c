"""Solvers of the same problem: whole plans that keep every limit, and never beat the best one."""

import numpy as np
import pytest

from ml.promotions.benchmark import instances
from ml.promotions.benchmark.peers import dual_bisection, highs
from ml.promotions.checker import violations
from ml.promotions.problem import NOTHING, worth
from ml.promotions.solver import solve
from ml.promotions.solvers import relaxation

PROBLEMS = {
    "one_budget": instances.one_week(60, 3),
    "slots_and_stock": instances.one_week(60, 3, category_size=20),
    "calendar": instances.calendar(25, 3, weeks=4),
}
SOLVERS = {
    "ours": lambda problem: solve(problem).choice,
    "lp_rounding": relaxation.solve,
}


@pytest.mark.parametrize("instance", PROBLEMS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_keeps_every_limit_and_comes_near_the_best_plan(instance, solver):
    problem = PROBLEMS[instance]
    best, _ = highs(problem, gap=1e-9, seconds=30.0)

    choice = SOLVERS[solver](problem)

    assert violations(problem, choice) == []
    assert worth(problem, choice) <= worth(problem, best) + 1e-6
    assert worth(problem, choice) >= (0.999 if solver == "ours" else 0.6) * worth(problem, best)


def test_dual_bisection_keeps_the_budget():
    problem = PROBLEMS["one_budget"]

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
