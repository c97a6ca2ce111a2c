from itertools import product

import numpy as np
import pytest

from ml.solver.problem import NOTHING, PlanProblem, worth
from ml.solver.worst_case import solve_worst

WEAK = np.array([[[4.0, -3.0]], [[3.0, -2.0]], [[1.0, 0.5]]])
STRONG = np.array([[[5.0, 12.0]], [[3.5, 9.0]], [[1.5, 6.0]]])


def shop(budget):
    """Three products, one week; the second option is a gamble on a strong response."""
    return PlanProblem(
        value=(WEAK + STRONG) / 2,
        cost=np.ones((3, 1, 2)),
        allowed=np.ones((3, 1, 2), bool),
        category=np.zeros(3, int),
        slots=np.array([[3]]),
        gap=np.ones(3, int),
        max_promotions=1,
        budget=budget,
    )


def best_worst_case(budget):
    """Every plan tried."""
    plans = [np.array(choice)[:, None] for choice in product((NOTHING, 0, 1), repeat=3)]
    within = [plan for plan in plans if (plan != NOTHING).sum() <= budget]
    return max(min(_worth(WEAK, plan), _worth(STRONG, plan)) for plan in within)


def _worth(value, plan):
    return sum(value[i, 0, plan[i, 0]] for i in range(3) if plan[i, 0] != NOTHING)


@pytest.mark.parametrize("budget", [1.0, 2.0, 3.0])
def test_no_plan_has_a_better_worst_scenario(budget):
    _, solution = solve_worst(shop(budget), [WEAK, STRONG])

    assert solution.objective == pytest.approx(best_worst_case(budget))
    assert solution.bound >= solution.objective - 1e-9


def test_the_mean_would_gamble_and_the_worst_case_does_not():
    weighted, solution = solve_worst(shop(3.0), [WEAK, STRONG])

    assert solution.choice.ravel().tolist() == [0, 0, 0]
    assert solution.objective == pytest.approx(8.0)
    assert worth(weighted, solution.choice) <= solution.bound + 1e-9


def test_opposite_scenarios_are_hedged():
    """Alone each product loses in one scenario; together they earn 2 in both."""
    sun, rain = np.array([[[5.0]], [[-3.0]]]), np.array([[[-3.0]], [[5.0]]])
    problem = PlanProblem(
        value=(sun + rain) / 2,
        cost=np.ones((2, 1, 1)),
        allowed=np.ones((2, 1, 1), bool),
        category=np.zeros(2, int),
        slots=np.array([[2]]),
        gap=np.ones(2, int),
        max_promotions=1,
        budget=2.0,
    )

    _, solution = solve_worst(problem, [sun, rain])

    assert solution.choice.ravel().tolist() == [0, 0]
    assert (solution.objective, solution.bound) == pytest.approx((2.0, 2.0))
