"""Why no plan keeps every limit: an irreducible set of limits that contradict each other.

Only promotions that are demanded (must-haves, pins) can break a limit, as any other item may
stay without one. The set comes from a deletion filter: drop one limit or item at a time for as
long as the rest still contradict each other (Chinneck, "Feasibility and Infeasibility in
Optimization", 2008, ch. 6).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint

from ml.errors import InfeasibleError
from ml.solver.calendars import DynamicProgram, dynamic_program
from ml.solver.compact import Compact
from ml.solver.groups import Merged
from ml.solver.highs import solve_milp
from ml.solver.problem import FREE, NOTHING, PlanProblem
from ml.solver.settings import SolverSettings


def require_feasible(program: DynamicProgram) -> None:
    """Raise InfeasibleError naming what contradicts and by how much, if anything does."""
    needed = np.flatnonzero(program.needed)
    if not len(needed):
        return
    every = np.arange(len(program.limits.finite))
    if fits(program, needed, every):
        return
    for item in needed:
        if not fits(program, np.array([item]), every[:0]):
            raise InfeasibleError(_own_conflict(program, int(item)))
    rows = _deletion_filter(every, lambda rest: not fits(program, needed, rest))
    items = _deletion_filter(needed, lambda rest: not fits(program, rest, rows))
    names = " and ".join(program.limits.name(row) for row in program.limits.finite[rows])
    raise InfeasibleError(
        f"the demanded promotions of {_named(program.merged, items)} do not fit {names}: "
        f"{shortage(program, items, rows):.2f} too little; raise it or demand fewer promotions"
    )


def fits(program: DynamicProgram, items: np.ndarray, rows: np.ndarray) -> bool:
    """Whether the items' demands can be met within the finite limits `rows`."""
    tolerance = program.settings.feasibility_tolerance
    return shortage(program, items, rows) <= tolerance


def shortage(program: DynamicProgram, items: np.ndarray, rows: np.ndarray) -> float:
    """The minimum total by which the limits `rows` must be raised for the demands; inf if never.

    An integer programme that minimises how far the limits are overrun.
    """
    if not len(items):
        return 0.0
    whole = Compact(program, items)
    count, finite = len(whole.starts[0]), program.limits.finite
    if not count:
        return np.inf
    over = len(rows)
    own = [_widened(rule, over) for rule in whole.own]
    uses = sparse.hstack([whole.uses[rows], -sparse.eye_array(over)], format="csr")
    shared = [LinearConstraint(uses, ub=program.limits.room[finite][rows])] if over else []
    solved = solve_milp(
        np.concatenate([np.zeros(count), np.ones(over)]),
        integrality=np.concatenate([np.ones(count), np.zeros(over)]),
        bounds=Bounds(0, np.concatenate([np.ones(count), np.full(over, np.inf)])),
        constraints=[*own, *shared],
    )
    return np.inf if solved.x is None else float(solved.fun)


def _widened(rule: LinearConstraint, columns: int) -> LinearConstraint:
    none = sparse.csr_array((rule.A.shape[0], columns))
    return LinearConstraint(sparse.hstack([rule.A, none], format="csr"), rule.lb, rule.ub)


def _deletion_filter(every: np.ndarray, contradict: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Drop whatever the contradiction does not need, large parts first."""
    rest, size = every, max(1, len(every) // 2)
    while True:
        for start in range(0, len(rest), size)[::-1]:
            fewer = np.delete(rest, slice(start, start + size))
            if contradict(fewer):
                rest = fewer
        if size == 1:
            return rest
        size = max(1, size // 2)


def _own_conflict(program: DynamicProgram, item: int) -> str:
    """Which of the item's own rules contradict its must-have or pins, by the same filter."""
    alone = _alone(program.merged, item)
    relaxations = _relaxations(alone.problem)
    names = np.array([*relaxations, "stock"])

    def contradict(rules: np.ndarray) -> bool:
        changes = [relaxations[name] for name in relaxations if name not in rules]
        changed = _with(alone, {k: v for each in changes for k, v in each.items()})
        changed = changed if "stock" in rules else _with_stock(changed, np.inf)
        return not _is_feasible(changed, program.settings)

    rules = _deletion_filter(names, contradict).tolist()
    limits = [f"{rule}{_relief(alone, rule, program.settings)}" for rule in rules]
    must = alone.problem.must is not None and bool(alone.problem.must[0])
    demand = "must be promoted" if must else "has pinned promotions"
    return (
        f"{_named(program.merged, np.array([item]))}: {demand}{_pins(alone.problem)}, and no "
        f"calendar keeps {' and '.join(limits)}; "
        "loosen one of these"
    )


def _relaxations(problem: PlanProblem) -> dict[str, dict[str, Any]]:
    """How one block's problem changes without a rule, by the rule's name."""
    weeks = problem.value.shape[1]
    return {
        "gap": {"gap": np.minimum(problem.gap, problem.duration[1] > 1).astype(int)},
        "max_promotions": {"max_promotions": weeks},
        "duration": {"duration": (1, weeks), "gap": np.maximum(problem.gap, 1)},
        "allowed": {
            "allowed": np.ones(problem.allowed.shape, bool),
            "value": np.where(problem.allowed, problem.value, 0.0),
            "cost": np.where(problem.allowed, problem.cost, 0.0),
        },
        "pinned": {"pinned": None},
    }


def _relief(alone: Merged, rule: str, settings: SolverSettings) -> str:
    """The value of a rule at which the rest would be feasible; empty where none is."""
    problem = alone.problem
    gap, weeks = int(problem.gap[0]), problem.value.shape[1]
    if rule == "gap":
        minimum = int(problem.duration[1] > 1)
        shorter = (_with(alone, {"gap": np.array([g])}) for g in range(gap - 1, minimum - 1, -1))
        enough = next((each for each in shorter if _is_feasible(each, settings)), None)
        return "" if enough is None else f" ({gap} weeks; {enough.problem.gap[0]} would do)"
    if rule == "max_promotions":
        larger = (_with(alone, {rule: n}) for n in range(problem.max_promotions + 1, weeks + 1))
        enough = next((each for each in larger if _is_feasible(each, settings)), None)
        allowed = problem.max_promotions
        return "" if enough is None else f" ({allowed}; {enough.problem.max_promotions} would do)"
    if rule == "stock" and _is_feasible(_with_stock(alone, np.inf), settings):
        return f" ({_missing_stock(alone, settings):.1f} units too little)"
    return ""


def _missing_stock(alone: Merged, settings: SolverSettings) -> float:
    """The minimum stock that, added from the first week on, makes the demands feasible."""
    low, high = 0.0, 1.0
    while not _is_feasible(_with_stock(alone, high), settings):
        low, high = high, 2 * high
    while high - low > settings.stock_precision:
        middle = (low + high) / 2
        enough = _is_feasible(_with_stock(alone, middle), settings)
        low, high = (low, middle) if enough else (middle, high)
    return high


def _is_feasible(alone: Merged, settings: SolverSettings) -> bool:
    return fits(dynamic_program(alone, settings), np.array([0]), np.arange(0))


def _with(alone: Merged, changes: dict[str, Any]) -> Merged:
    return replace(alone, problem=replace(alone.problem, **changes))


def _with_stock(alone: Merged, more: float) -> Merged:
    """With `more` items in stock from the first week on; inf: no limit."""
    if alone.stock is None or np.isinf(more):
        return replace(alone, units=None, stock=None)
    return replace(alone, stock=alone.stock + more)


def _pins(problem: PlanProblem) -> str:
    """The weeks in which a promotion is pinned, as text."""
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
        exclusive=(),
        shared_stock=None,
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
