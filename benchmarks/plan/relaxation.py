"""Linear relaxation and rounding, as most open promotion optimisers do it."""

import numpy as np
from scipy.optimize import linprog

from ml.solver.greedy import Packing
from ml.solver.problem import PlanProblem


def solve(problem: PlanProblem) -> np.ndarray:
    """Let starts of promotions be taken in part, then take whole ones, the largest part first.

    The room that is left goes to what earns most for what it uses. A start is taken only where
    it still fits every limit, so the plan (items, weeks) keeps them
    all; demands (must-haves, pins) are not supported.

    Raises:
        InfeasibleError: the problem demands promotions.
    """
    packing = Packing.of(problem)
    solved = linprog(
        -packing.whole.value,
        A_ub=packing.uses,
        b_ub=packing.room,
        bounds=(0, 1),
        method="highs",
    )
    return packing.plan(packing.worthwhile(solved.x))
