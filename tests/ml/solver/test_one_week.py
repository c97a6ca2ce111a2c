from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, milp

from benchmarks.plan.instances import one_week
from ml.solver.calendars import dynamic_program
from ml.solver.checker import violations
from ml.solver.compact import Compact
from ml.solver.dual import DualPrices
from ml.solver.groups import merge
from ml.solver.one_week import initial_prices
from ml.solver.settings import DEFAULT
from ml.solver.solve import solve


def linear_optimum(problem):
    """The linear relaxation's value, by HiGHS on the whole problem."""
    whole = Compact.of(problem)
    rules = [*whole.own, whole.shared]
    return -milp(-whole.value, bounds=Bounds(0, 1), constraints=rules).fun


@pytest.mark.parametrize(
    ("category_size", "budget"), [(25, 1.0), (25, 0.2), (25, np.inf), (None, 1.0)]
)
def test_the_starting_prices_of_a_week_give_the_lowest_bound(category_size, budget):
    drawn = one_week(300, seed=5, category_size=category_size)
    problem = replace(drawn, budget=budget * drawn.budget)
    program = dynamic_program(merge(problem), DEFAULT)

    bound = DualPrices(program, initial_prices(program)).bound

    assert bound == pytest.approx(linear_optimum(problem), rel=1e-7)


def test_limits_that_the_start_does_not_know_are_left_to_the_search():
    problem = one_week(300, seed=5, category_size=25)
    crowded = replace(problem, week_slots=np.array([9.0]))

    assert not initial_prices(dynamic_program(merge(crowded), DEFAULT)).any()


def test_a_large_week_is_within_a_hundred_thousandth_of_its_bound_and_keeps_its_limits():
    problem = one_week(10_000, seed=2, category_size=50)

    solution = solve(problem)

    assert solution.gap < 1e-5
    assert violations(problem, solution.choice) == []
    assert (solve(problem).choice == solution.choice).all()
