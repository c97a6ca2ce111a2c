"""Why no plan keeps every limit: the smallest set of limits found that contradict each other.

Only promotions that are demanded (must-haves, pins) can break a limit, as any other item may
stay without one. The set is found with a deletion filter: leave one limit or one item out at a
time, and keep it out while the rest still contradict (Chinneck, "Feasibility and Infeasibility in
Optimization", 2008, ch. 6).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint

from ml.errors import InfeasibleError
from ml.solver.calendars import Board, lay_out
from ml.solver.compact import Compact
from ml.solver.groups import Merged
from ml.solver.highs import solve
from ml.solver.problem import FREE, NOTHING, PlanProblem

ROUNDING = 1e-6
UNIT = 0.05  # items, how exactly missing stock is told


def require_feasible(board: Board) -> None:
    """Raise InfeasibleError naming what contradicts and by how much, if anything does."""
    needed = np.flatnonzero(board.needed)
    if not len(needed):
        return
    every = np.arange(len(board.limits.given))
    if fits(board, needed, every):
        return
    for item in needed:
        if not fits(board, np.array([item]), every[:0]):
            raise InfeasibleError(_own_conflict(board, int(item)))
    rows = _thinned(every, lambda kept: not fits(board, needed, kept))
    items = _thinned(needed, lambda kept: not fits(board, kept, rows))
    names = " and ".join(board.limits.name(row) for row in board.limits.given[rows])
    raise InfeasibleError(
        f"the demanded promotions of {_named(board.merged, items)} do not fit {names}: "
        f"{missing(board, items, rows):.2f} too little; raise it or demand fewer promotions"
    )


def fits(board: Board, items: np.ndarray, rows: np.ndarray) -> bool:
    """Whether the items' demands can be met within these of the given limits."""
    return missing(board, items, rows) <= ROUNDING


def missing(board: Board, items: np.ndarray, rows: np.ndarray) -> float:
    """The least total by which the limits must be raised for the items' demands; inf if never.

    An integer programme whose limits may be overrun, at the price of the overrun.
    """
    if not len(items):
        return 0.0
    whole = Compact(board, items)
    count, given = len(whole.starts[0]), board.limits.given
    if not count:
        return np.inf
    over = len(rows)
    own = [_widened(rule, over) for rule in whole.own]
    uses = sparse.hstack([whole.uses[rows], -sparse.eye_array(over)], format="csr")
    shared = [LinearConstraint(uses, ub=board.limits.room[given][rows])] if over else []
    solved = solve(
        np.concatenate([np.zeros(count), np.ones(over)]),
        integrality=np.concatenate([np.ones(count), np.zeros(over)]),
        bounds=Bounds(0, np.concatenate([np.ones(count), np.full(over, np.inf)])),
        constraints=[*own, *shared],
    )
    return np.inf if solved.x is None else float(solved.fun)


def _widened(rule: LinearConstraint, columns: int) -> LinearConstraint:
    none = sparse.csr_array((rule.A.shape[0], columns))
    return LinearConstraint(sparse.hstack([rule.A, none], format="csr"), rule.lb, rule.ub)


def _thinned(every: np.ndarray, contradict: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Leave out whatever is not needed for the contradiction, large parts first."""
    kept, size = every, max(1, len(every) // 2)
    while True:
        for start in range(0, len(kept), size)[::-1]:
            less = np.delete(kept, slice(start, start + size))
            if contradict(less):
                kept = less
        if size == 1:
            return kept
        size = max(1, size // 2)


def _own_conflict(board: Board, item: int) -> str:
    """Which of the item's own rules contradict its must-have or pins, thinned out alike."""
    alone = _alone(board.merged, item)
    loosened = _loosened(alone.problem)
    names = np.array([*loosened, "stock"])

    def contradict(kept: np.ndarray) -> bool:
        changes = [loosened[name] for name in loosened if name not in kept]
        changed = _with(alone, {k: v for each in changes for k, v in each.items()})
        return not _can_be_had(changed if "stock" in kept else _stocked(changed, np.inf))

    rules = _thinned(names, contradict).tolist()
    must = alone.problem.must is not None and bool(alone.problem.must[0])
    demand = "must be promoted" if must else "has pinned promotions"
    return (
        f"{_named(board.merged, np.array([item]))}: {demand}{_pins(alone.problem)}, and no "
        f"calendar keeps {' and '.join(f'{rule}{_relief(alone, rule)}' for rule in rules)}; "
        "loosen one of these"
    )


def _loosened(problem: PlanProblem) -> dict[str, dict[str, Any]]:
    """What of one block's problem changes when a rule is left out, by the rule's name."""
    weeks = problem.value.shape[1]
    return {
        "gap": {"gap": np.minimum(problem.gap, problem.duration[1] > 1).astype(int)},
        "most": {"most": weeks},
        "duration": {"duration": (1, weeks), "gap": np.maximum(problem.gap, 1)},
        "allowed": {
            "allowed": np.ones(problem.allowed.shape, bool),
            "value": np.where(problem.allowed, problem.value, 0.0),
            "cost": np.where(problem.allowed, problem.cost, 0.0),
        },
        "pinned": {"pinned": None},
    }


def _relief(alone: Merged, rule: str) -> str:
    """How far a rule would have to give way by itself; empty where no amount of it helps."""
    problem = alone.problem
    gap, weeks = int(problem.gap[0]), problem.value.shape[1]
    if rule == "gap":
        least = int(problem.duration[1] > 1)
        shorter = (_with(alone, {"gap": np.array([g])}) for g in range(gap - 1, least - 1, -1))
        enough = next((each for each in shorter if _can_be_had(each)), None)
        return "" if enough is None else f" ({gap} weeks; {enough.problem.gap[0]} would do)"
    if rule == "most":
        larger = range(problem.most + 1, weeks + 1)
        found = next((n for n in larger if _can_be_had(_with(alone, {"most": n}))), None)
        return "" if found is None else f" ({problem.most}; {found} would do)"
    if rule == "stock" and _can_be_had(_stocked(alone, np.inf)):
        return f" ({_units_short(alone):.1f} units too little)"
    return ""


def _units_short(alone: Merged) -> float:
    """The least stock that, added from the first week on, makes the demands possible."""
    low, high = 0.0, 1.0
    while not _can_be_had(_stocked(alone, high)):
        low, high = high, 2 * high
    while high - low > UNIT:
        middle = (low + high) / 2
        low, high = (low, middle) if _can_be_had(_stocked(alone, middle)) else (middle, high)
    return high


def _can_be_had(alone: Merged) -> bool:
    return fits(lay_out(alone), np.array([0]), np.arange(0))


def _with(alone: Merged, changes: dict[str, Any]) -> Merged:
    return replace(alone, problem=replace(alone.problem, **changes))


def _stocked(alone: Merged, more: float) -> Merged:
    """With so many more items in stock; inf: no limit."""
    if alone.stock is None or np.isinf(more):
        return replace(alone, units=None, stock=None)
    return replace(alone, stock=alone.stock + more)


def _pins(problem: PlanProblem) -> str:
    """The weeks in which a promotion is pinned, in words."""
    if problem.pinned is None:
        return ""
    weeks = np.flatnonzero((problem.pinned[0] != FREE) & (problem.pinned[0] != NOTHING))
    return f" in {', '.join(map(problem.names.week, weeks.tolist()))}" if len(weeks) else ""


def _alone(merged: Merged, item: int) -> Merged:
    """The problem of one block, without shared limits."""
    rows, whole = np.flatnonzero(merged.of == item), merged.problem
    problem = replace(
        whole,
        value=whole.value[[item]],
        cost=whole.cost[[item]],
        allowed=whole.allowed[[item]],
        category=np.zeros(1, int),
        slots=np.full((1, whole.value.shape[1]), np.inf),
        gap=whole.gap[[item]],
        budget=np.inf,
        week_budget=None,
        category_budget=None,
        week_slots=None,
        rivals=(),
        draws=None,
        must=None if whole.must is None else whole.must[[item]],
        pinned=None if whole.pinned is None else whole.pinned[[item]],
    )
    units = None if merged.units is None else merged.units[rows]
    stock = None if merged.stock is None else merged.stock[rows]
    return Merged(problem, np.zeros(len(rows), int), np.full(1, float(len(rows))), units, stock)


def _named(merged: Merged, blocks: np.ndarray) -> str:
    """The items of blocks with their categories."""
    names, category = merged.problem.names, merged.problem.category
    by_category = [
        f"{names.several(blocks[category[blocks] == k].tolist())} of {names.category(k)}"
        for k in np.unique(category[blocks]).tolist()
    ]
    return " and ".join(by_category)
