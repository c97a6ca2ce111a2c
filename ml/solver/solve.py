"""Solve the plan problem by Lagrangian decomposition.

Prices on the shared limits split the problem into one dynamic programme per item (`calendars`).
Where one week has one budget, the best prices are found by halving, and a plan near them is good
enough (`start`). Else a quasi-Newton search brings the prices near their best (`dual`). Then only
the items that have several calendars of nearly the same worth are undecided: column generation on
those finishes the prices, and an integer master problem on HiGHS chooses between their calendars
(`master`; Wolsey, "Integer Programming", 2nd ed. 2020, ch. 10-11; the undecided items are what
Pisinger, "A minimal algorithm for the multiple-choice knapsack problem", 1995, calls the core).
The Lagrangian gives the bound.
"""

import logging

import numpy as np

from ml.solver.calendars import lay_out
from ml.solver.conflicts import require_feasible
from ml.solver.dual import Answer, lowest
from ml.solver.groups import merge
from ml.solver.master import Columns, Master, gather
from ml.solver.near_best import Labels, near_best
from ml.solver.one_week import starting_prices
from ml.solver.problem import NOTHING, PlanProblem, PlanSolution, worth
from ml.solver.rounding import filled

log = logging.getLogger(__name__)

STEPS = 150
ROUNDS = 12
LARGE_ROUNDS = 2
TOLERANCE = 1e-6
REFINE = 1e-5
ENOUGH = 0.3  # of the gap that need not be refined
NODES = 500
FEW, MOST = 3_000, 30_000
LARGE, MARGIN = 500, 300
FILL = 1e-5
ROUGH = 2e-3
CORE, CORE_NODES = 1_500, 100


def solve(problem: PlanProblem, gap: float = REFINE) -> PlanSolution:
    """The best plan found, with a bound on the best possible one.

    A plan within `gap` of the bound, a share of it, is not refined.

    Raises:
        InfeasibleError: no plan keeps every limit.
    """
    merged = merge(problem)
    board = lay_out(merged)
    require_feasible(board)
    answer = Answer(board, starting_prices(board))
    known = bool(answer.vector.any()) and _is_large(answer)
    choice = _nearby(answer, answer.calendar, _few(answer)) if known else answer.calendar
    bound = answer.bound
    if not known or bound - worth(merged.problem, choice) > gap * abs(bound):
        answer, master = _finish_prices(lowest(board, answer.vector, STEPS))
        large = _is_large(answer)
        choice, bound = _round(answer, master) if large else _choose(answer, master, gap)
    chosen = merged.spread(choice)
    log.info("plan: objective %.2f, bound %.2f", worth(problem, chosen), bound)
    return PlanSolution(chosen, worth(problem, chosen), bound, answer.priced.prices)


def _round(answer: Answer, master: Master) -> tuple[np.ndarray, float]:
    """A plan by rounding the relaxed master, for problems in which one item hardly counts.

    Where that leaves much room unused, more calendars are tried in it; where a few large items
    share tight limits and that is not enough, HiGHS chooses between the calendars nearest to
    their items' best.
    """
    problem, bound = answer.board.problem, answer.bound
    choice = filled(master, _short(answer, master), master.relaxed.share)
    if bound - worth(problem, choice) > FILL * abs(bound):
        most = max(MOST, 3 * _few(answer))
        choice = _nearby(answer, choice, most, master.columns)
    if bound - worth(problem, choice) > ROUGH * abs(bound):
        labels, _ = _near(answer, _span(answer), CORE)
        core = gather(answer, labels, master.columns)
        whole, _ = core.chosen(ROUGH / 2 * abs(bound), CORE_NODES)
        choice = max(choice, whole, key=lambda each: worth(problem, each))
    return choice, bound


def _nearby(
    answer: Answer, choice: np.ndarray, most: int, known: Columns | None = None
) -> np.ndarray:
    """The plan `choice`, bettered by calendars near their items' best, one item at a time."""
    labels, _ = _near(answer, _span(answer), most)
    known = Columns.none(choice.shape[1]) if known is None else known
    wide = gather(answer, labels, known, choice)
    kept = (wide.columns.calendar == choice[wide.columns.item]).all(axis=1)
    return filled(wide, _short(answer, wide), kept.astype(float))


def _short(answer: Answer, master: Master) -> np.ndarray:
    """How far each column falls short of its item's best, (columns,)."""
    priced = master.uses.T @ answer.vector[answer.board.limits.given]
    return answer.best[1][master.columns.item] - (master.value - priced)


def _choose(answer: Answer, master: Master, gap: float) -> tuple[np.ndarray, float]:
    """A plan by the whole master problem, twice if need be, and a bound on every plan."""
    problem, bound = answer.board.problem, answer.bound
    few, _ = _near(answer, _span(answer), _few(answer))
    master = gather(answer, few, master.columns)
    enough = ENOUGH * gap * abs(bound)
    choice, _ = master.chosen(enough, NODES)
    short = bound - worth(problem, choice)
    if short > gap * abs(bound):
        labels, complete = _near(answer, short, MOST)
        refined = gather(answer, labels, master.columns)
        better, restricted = refined.chosen(enough, NODES)
        if short <= complete:  # no better plan has a calendar outside the columns
            bound = min(bound, restricted)
        choice = max(choice, better, key=lambda each: worth(problem, each))
    return choice, bound


def usage(problem: PlanProblem, choice: np.ndarray) -> tuple[float, np.ndarray]:
    """What a plan takes of the budget, and of each category-week's slots."""
    item, week = np.nonzero(choice != NOTHING)
    slots = np.zeros(problem.slots.shape)
    np.add.at(slots, (problem.category[item], week), 1)
    return float(problem.cost[item, week, choice[item, week]].sum()), slots


def _finish_prices(answer: Answer) -> tuple[Answer, Master]:
    """Column generation: price by the relaxed master, add each item's nearly best calendars.

    Returns the answer of the lowest bound and the master whose relaxation earns most.
    """
    best, columns, masters = answer, Columns.none(answer.board.value.shape[1]), []
    for _ in range(LARGE_ROUNDS if _is_large(answer) else ROUNDS):
        labels, _ = _near(answer, _span(answer), _few(answer))
        masters.append(gather(answer, labels, columns))
        columns = masters[-1].columns
        if not len(columns.item):
            return best, masters[-1]
        relaxed = masters[-1].relaxed
        answer = Answer(answer.board, relaxed.prices)
        best = min(best, answer, key=lambda each: each.bound)
        log.debug("%d columns: %.4f to %.4f", len(columns.item), relaxed.value, best.bound)
        if best.bound - relaxed.value <= TOLERANCE * abs(best.bound):
            break
    return best, max(masters, key=lambda each: each.relaxed.value)


def _near(answer: Answer, loss: float, most: int) -> tuple[Labels, float]:
    """Calendars near their items' best that the stock bears, complete up to a loss."""
    board = answer.board
    labels, complete = near_best(answer.priced, np.arange(len(board.problem.category)), loss, most)
    return labels[board.stock.fits(labels.item, labels.calendar)], complete


def _span(answer: Answer) -> float:
    """How far from its best a calendar may be: what a promoted week earns on average."""
    return abs(answer.bound) / max(1, _promoted_weeks(answer))


def _few(answer: Answer) -> int:
    """Calendars to choose between: a few for each limit, of which one item each is split."""
    return (MARGIN if _is_large(answer) else FEW) + 3 * len(answer.board.limits.given)


def _is_large(answer: Answer) -> bool:
    """Whether one promotion hardly counts, and none is demanded."""
    return _promoted_weeks(answer) > LARGE and not answer.board.needed.any()


def _promoted_weeks(answer: Answer) -> int:
    return int(np.count_nonzero(answer.calendar != NOTHING))
