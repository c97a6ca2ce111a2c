"""What others would write: NumPy dual bisection, and HiGHS on the whole problem."""

from time import perf_counter

import numpy as np
from scipy.optimize import Bounds, milp

from ml.solver.compact import Compact
from ml.solver.problem import NOTHING, PlanProblem

HALVINGS = 50
HIGHS_GAP = 1e-4


def dual_bisection(problem: PlanProblem) -> np.ndarray:
    """One week and one budget: halve the price of the budget, then keep what it affords."""
    value, cost = problem.value[:, 0], problem.cost[:, 0]
    each = np.arange(len(value))

    def choose(price: float) -> tuple[np.ndarray, float]:
        net = value - price * cost
        option = net.argmax(axis=1)
        option[net[each, option] <= 0] = NOTHING
        taken = option != NOTHING
        return option, float(cost[each[taken], option[taken]].sum())

    low, high = 0.0, float((value / np.maximum(cost, 1e-12)).max())
    for _ in range(HALVINGS):
        price = (low + high) / 2
        _, spent = choose(price)
        low, high = (price, high) if spent > problem.budget else (low, price)
    return choose(high)[0][:, None]


def highs(problem: PlanProblem, gap: float, seconds: float) -> tuple[np.ndarray | None, float]:
    """The whole problem given to HiGHS, and the seconds it took, not those of stating it.

    None when it finds nothing in `seconds`. It stops at the relative `gap`; its own default is
    HIGHS_GAP, and everything else is as HiGHS has it.
    """
    whole = Compact.of(problem)
    value, rules = whole.value, [*whole.own, whole.shared]
    start = perf_counter()
    solved = milp(
        -value,
        integrality=np.ones(len(value)),
        bounds=Bounds(0, 1),
        constraints=rules,
        options={"mip_rel_gap": gap, "time_limit": seconds},
    )
    taken = perf_counter() - start
    return (None if solved.x is None else whole.plan(solved.x > 0.5)), taken
