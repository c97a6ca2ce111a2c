"""Which limits of a plan problem a plan breaks, from the plan alone.

Nothing here is shared with the solvers: each rule is counted again, promotion by promotion.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from ml.errors import GateError
from ml.solver.problem import FREE, NOTHING, SOMETHING, PlanProblem

MAX_NAMED = 5  # broken limits that an error names
TOLERANCE = 1e-6  # of a limit, for rounding: the MIP feasibility tolerance of HiGHS


class Run(NamedTuple):
    """A promotion: an item's weeks [start, end) with one option."""

    item: int
    start: int
    end: int
    option: int


def violations(problem: PlanProblem, choice: np.ndarray) -> list[str]:
    """Each broken limit as text, empty when the plan (items, weeks) keeps them all."""
    runs = list(_runs(choice))
    broken = [*_own_rules(problem, runs), *_demands(problem, choice, runs)]
    broken += [*_together(problem, choice), *_money(problem, runs), *_places(problem, runs)]
    return [*broken, *_stock(problem, runs), *_shared_stock(problem, runs)]


def require_within_limits(problem: PlanProblem, choice: np.ndarray) -> None:
    """Refuse a plan (items, weeks) that breaks a limit.

    Raises:
        GateError: with the first broken limits and how many there are.
    """
    broken = violations(problem, choice)
    if broken:
        raise GateError(
            f"the plan breaks {len(broken)} limits and may break none: "
            f"{'; '.join(broken[:MAX_NAMED])}; nothing was written: report it with the policy"
        )


def _runs(choice: np.ndarray) -> Iterator[Run]:
    for item in np.flatnonzero((choice != NOTHING).any(axis=1)).tolist():
        start, calendar = 0, choice[item].tolist()
        for week in range(1, len(calendar) + 1):
            if week == len(calendar) or calendar[week] != calendar[start]:
                if calendar[start] != NOTHING:
                    yield Run(item, start, week, calendar[start])
                start = week


def _promotions(problem: PlanProblem, run: Run) -> list[Run]:
    """With promotions of one week, neighbouring weeks are promotions of their own."""
    if problem.duration[1] > 1:
        return [run]
    return [Run(run.item, week, week + 1, run.option) for week in range(run.start, run.end)]


def _own_rules(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    shortest, longest = problem.duration
    count: Counter[int] = Counter()
    last: dict[int, int] = {}
    for run in chain.from_iterable(_promotions(problem, each) for each in runs):
        where = _where(problem, run.item, run.start)
        count[run.item] += 1
        if not problem.allowed[run.item, run.start : run.end, run.option].all():
            yield f"{where}: option {run.option} is not allowed"
        if not shortest <= run.end - run.start <= longest:
            yield f"{where}: lasts {run.end - run.start} weeks, not {problem.duration}"
        if run.item in last and run.start - last[run.item] < problem.gap[run.item]:
            yield f"{where}: only {run.start - last[run.item]} weeks after the one before"
        last[run.item] = run.end
    for item, promotions in count.items():
        if promotions > problem.max_promotions:
            name, limit = problem.names.several([item]), problem.max_promotions
            yield f"{name}: {promotions} promotions, at most {limit}"


def _demands(problem: PlanProblem, choice: np.ndarray, runs: list[Run]) -> Iterator[str]:
    if problem.must is not None:
        promoted = {run.item for run in runs}
        for item in np.flatnonzero(problem.must).tolist():
            if item not in promoted:
                yield f"{problem.names.several([item])}: must be promoted, is not"
    if problem.pinned is not None:
        for item, week in np.argwhere(problem.pinned != FREE).tolist():
            pin, got = int(problem.pinned[item, week]), int(choice[item, week])
            if got != pin and not (pin == SOMETHING and got != NOTHING):
                yield f"{_where(problem, item, week)}: pinned to {pin}, is {got}"


def _together(problem: PlanProblem, choice: np.ndarray) -> Iterator[str]:
    if problem.group is None:
        return
    calendars: dict[int, bytes] = {}
    for item, group in enumerate(problem.group.tolist()):
        calendar = np.ascontiguousarray(choice[item]).tobytes()
        if calendars.setdefault(group, calendar) != calendar:
            yield f"{problem.names.several([item])}: promoted apart from its group {group}"


def _money(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    spent: defaultdict[tuple[str, int], float] = defaultdict(float)
    for item, start, end, option in runs:
        for week in range(start, end):
            cost = float(problem.cost[item, week, option])
            for key in (("total", 0), ("week", week), ("category", int(problem.category[item]))):
                spent[key] += cost
    limits = {
        "total": np.array([problem.budget]),
        "week": problem.week_budget,
        "category": problem.category_budget,
    }
    names = {"week": problem.names.week, "category": problem.names.category}
    for (name, index), cost in spent.items():
        limit = limits[name]
        if limit is not None and cost > limit[index] + TOLERANCE * max(1.0, limit[index]):
            whose = names[name](index) if name in names else "the plan"
            yield f"{whose}: spends {cost:.4f} of {limit[index]:.4f}"


def _places(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    promoted = {(run.item, week) for run in runs for week in range(run.start, run.end)}
    by_slot = Counter((int(problem.category[item]), week) for item, week in promoted)
    for (category, week), taken in by_slot.items():
        limit = problem.slots[category, week]
        if taken > limit + TOLERANCE:
            where = f"{problem.names.category(category)} in {problem.names.week(week)}"
            yield f"{where}: {taken} promotions, at most {limit}"
    by_week = Counter(week for _, week in promoted)
    for week, taken in by_week.items():
        if problem.week_slots is not None and taken > problem.week_slots[week] + TOLERANCE:
            limit = problem.week_slots[week]
            yield f"{problem.names.week(week)}: {taken} promotions, at most {limit}"
    for index, exclusive in enumerate(problem.exclusive):
        for week in by_week:
            together = [item for item in exclusive.tolist() if (item, week) in promoted]
            if len(together) > 1:
                names, when = problem.names.several(together), problem.names.week(week)
                yield f"exclusive group {index}: {names} promoted together in {when}"


def _stock(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    if problem.units is None or problem.stock is None:
        return
    sold: defaultdict[int, float] = defaultdict(float)
    for item, start, end, option in runs:
        for week in range(start, end):
            sold[item] += float(problem.units[item, week, option])
            stock = float(problem.stock[item, week])
            if sold[item] > stock + TOLERANCE * max(1.0, stock):
                where = _where(problem, item, week)
                yield f"{where}: sells {sold[item]:.2f} of a stock of {stock:.2f}"


def _shared_stock(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    shared_stock = problem.shared_stock
    if shared_stock is None:
        return
    takes: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for entry, key in enumerate(
        zip(shared_stock.item.tolist(), shared_stock.option.tolist(), strict=True)
    ):
        takes[key].append(entry)
    taken_by_week: defaultdict[tuple[int, int], float] = defaultdict(float)
    for item, start, end, option in runs:
        for entry in takes[item, option]:
            stock = int(shared_stock.stock[entry])
            for week in range(start, end):
                until = min(week + int(shared_stock.lasts[stock]), shared_stock.room.shape[1])
                for later in range(week, until):
                    taken_by_week[stock, later] += float(shared_stock.units[entry, week])
    for (stock, week), taken in taken_by_week.items():
        room = float(shared_stock.room[stock, week])
        if taken > room + TOLERANCE * max(1.0, room):
            where = _where(problem, int(shared_stock.owner[stock]), week)
            yield f"{where}: promotions take {taken:.2f} of a stock of {room:.2f} that they share"


def _where(problem: PlanProblem, item: int, week: int) -> str:
    return f"{problem.names.several([item])} in {problem.names.week(week)}"
