"""Linear relaxation and rounding, as most open promotion optimisers do it."""

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from ml.errors import InfeasibleError
from ml.promotions.compact import Compact
from ml.promotions.problem import PlanProblem

ROUNDING = 1e-9


def solve(problem: PlanProblem) -> np.ndarray:
    """Let starts of promotions be taken in part, then take whole ones, the largest part first.

    A start is taken only where it still fits every limit, so the plan (items, weeks) keeps them
    all; demands (must-haves, pins) are not supported.

    Raises:
        InfeasibleError: the problem demands promotions.
    """
    whole = Compact.of(problem)
    if whole.board.needed.any():
        raise InfeasibleError("rounding cannot promise demanded promotions; use solver.solve")
    rules = [*whole.own, whole.shared]
    uses = sparse.vstack([rule.A for rule in rules], format="csr")
    room = np.concatenate([np.broadcast_to(rule.ub, rule.A.shape[0]) for rule in rules])
    solved = linprog(-whole.value, A_ub=uses, b_ub=room, bounds=(0, 1), method="highs")
    return whole.plan(_rounded(uses.T.tocsr(), room, solved.x, whole.value))


def _rounded(
    uses: sparse.csr_array, room: np.ndarray, share: np.ndarray, value: np.ndarray
) -> np.ndarray:
    taken, left = np.zeros(len(share), bool), room.astype(float).copy()
    worthwhile = np.flatnonzero((share > ROUNDING) & (value > 0))
    for start in worthwhile[np.lexsort((-value[worthwhile], -share[worthwhile]))]:
        part = slice(uses.indptr[start], uses.indptr[start + 1])
        rows, amounts = uses.indices[part], uses.data[part]
        if (amounts <= left[rows] + ROUNDING * np.maximum(1, room[rows])).all():
            taken[start] = True
            left[rows] -= amounts
    return taken
