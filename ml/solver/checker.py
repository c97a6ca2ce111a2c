"""Which limits of a plan problem a plan breaks, found by reading the plan alone.

Nothing here is shared with the solvers: each rule is counted again, promotion by promotion.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from ml.errors import GateError
from ml.solver.problem import FREE, NOTHING, SOMETHING, PlanProblem

TOLD = 5  # broken limits that an error names
SLACK = 1e-6  # share of a limit that rounding may take


class Run(NamedTuple):
    """A promotion: an item's weeks [start, end) with one option."""

    item: int
    start: int
    end: int
    option: int


def violations(problem: PlanProblem, choice: np.ndarray) -> list[str]:
    """Each broken limit in words, empty when the plan (items, weeks) keeps them all."""
    runs = list(_runs(choice))
    found = [*_own_rules(problem, runs), *_demands(problem, choice, runs)]
    found += [*_together(problem, choice), *_money(problem, runs), *_places(problem, runs)]
    return [*found, *_stock(problem, runs), *_draws(problem, runs)]


def require_kept(problem: PlanProblem, choice: np.ndarray) -> None:
    """Refuse a plan (items, weeks) that breaks a limit.

    Raises:
        GateError: with the first broken limits and how many there are.
    """
    broken = violations(problem, choice)
    if broken:
        raise GateError(
            f"the plan breaks {len(broken)} limits and may break none: "
            f"{'; '.join(broken[:TOLD])}; nothing was written: report it with the policy"
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
        if promotions > problem.most:
            yield f"{problem.names.several([item])}: {promotions} promotions, most {problem.most}"


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
    called = {"week": problem.names.week, "category": problem.names.category}
    for (name, index), cost in spent.items():
        limit = limits[name]
        if limit is not None and cost > limit[index] + SLACK * max(1.0, limit[index]):
            whose = called[name](index) if name in called else "the plan"
            yield f"{whose}: spends {cost:.4f} of {limit[index]:.4f}"


def _places(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    promoted = {(run.item, week) for run in runs for week in range(run.start, run.end)}
    by_slot = Counter((int(problem.category[item]), week) for item, week in promoted)
    for (category, week), taken in by_slot.items():
        most = problem.slots[category, week]
        if taken > most + SLACK:
            where = f"{problem.names.category(category)} in {problem.names.week(week)}"
            yield f"{where}: {taken} promotions, most {most}"
    by_week = Counter(week for _, week in promoted)
    for week, taken in by_week.items():
        if problem.week_slots is not None and taken > problem.week_slots[week] + SLACK:
            most = problem.week_slots[week]
            yield f"{problem.names.week(week)}: {taken} promotions, most {most}"
    for index, rivals in enumerate(problem.rivals):
        for week in by_week:
            together = [item for item in rivals.tolist() if (item, week) in promoted]
            if len(together) > 1:
                names, when = problem.names.several(together), problem.names.week(week)
                yield f"rival set {index}: {names} promoted together in {when}"


def _stock(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    if problem.units is None or problem.stock is None:
        return
    sold: defaultdict[int, float] = defaultdict(float)
    for item, start, end, option in runs:
        for week in range(start, end):
            sold[item] += float(problem.units[item, week, option])
            stock = float(problem.stock[item, week])
            if sold[item] > stock + SLACK * max(1.0, stock):
                where = _where(problem, item, week)
                yield f"{where}: sells {sold[item]:.2f} of a stock of {stock:.2f}"


def _draws(problem: PlanProblem, runs: list[Run]) -> Iterator[str]:
    draws = problem.draws
    if draws is None:
        return
    takes: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for entry, key in enumerate(zip(draws.item.tolist(), draws.option.tolist(), strict=True)):
        takes[key].append(entry)
    missing: defaultdict[tuple[int, int], float] = defaultdict(float)
    for item, start, end, option in runs:
        for entry in takes[item, option]:
            stock = int(draws.stock[entry])
            for week in range(start, end):
                until = min(week + int(draws.lasts[stock]), draws.room.shape[1])
                for later in range(week, until):
                    missing[stock, later] += float(draws.units[entry, week])
    for (stock, week), taken in missing.items():
        room = float(draws.room[stock, week])
        if taken > room + SLACK * max(1.0, room):
            where = _where(problem, int(draws.owner[stock]), week)
            yield f"{where}: offers take {taken:.2f} of a stock of {room:.2f} that they share"


def _where(problem: PlanProblem, item: int, week: int) -> str:
    return f"{problem.names.several([item])} in {problem.names.week(week)}"
