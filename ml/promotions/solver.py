"""Solve the plan problem by Lagrangian decomposition.

Prices on the shared limits split the problem into one dynamic programme per item (`calendars`).
A quasi-Newton search brings the prices near their best (`dual`). Then only the items that have
several calendars of nearly the same worth are undecided: column generation on those finishes
the prices, and an integer master problem on HiGHS chooses between their calendars (`master`;
Wolsey, "Integer Programming", 2nd ed. 2020, ch. 10-11; the undecided items are what Pisinger,
"A minimal algorithm for the multiple-choice knapsack problem", 1995, calls the core). The
Lagrangian gives the bound.
"""

import logging

import numpy as np

from ml.promotions.calendars import Board, lay_out
from ml.promotions.dual import Answer, lowest
from ml.promotions.groups import merge
from ml.promotions.labels import Labels, near_best
from ml.promotions.master import Columns, gather
from ml.promotions.problem import NOTHING, PlanProblem, PlanSolution, worth

log = logging.getLogger(__name__)

STEPS = 60
ROUNDS = 12
TOLERANCE = 1e-6
REFINE = 1e-5
ENOUGH = 3e-6
NODES = 500
FEW, MOST = 3_000, 30_000


def solve(problem: PlanProblem) -> PlanSolution:
    """The best plan found, with a bound on the best possible one.

    Raises:
        InfeasibleError: no plan keeps every limit.
    """
    merged = merge(problem)
    board = lay_out(merged)
    start = Answer(board, np.zeros(len(board.limits.room)))
    answer = lowest(board, start.vector, STEPS)
    answer, columns = _finish_prices(answer)
    labels, _ = near_best(answer.priced, _items(board), _span(answer), _few(board))
    labels = _fitting(board, labels)
    choice, _ = gather(answer, labels, columns).chosen(ENOUGH * abs(answer.bound), NODES)
    objective, bound = worth(board.problem, choice), answer.bound
    if bound - objective > REFINE * abs(bound):
        labels, complete = near_best(answer.priced, _items(board), bound - objective, MOST)
        refined = gather(answer, _fitting(board, labels), columns)
        better, restricted = refined.chosen(ENOUGH * abs(bound), NODES)
        if bound - objective <= complete:  # no better plan has a calendar outside the columns
            bound = min(bound, restricted)
        choice = max(choice, better, key=lambda each: worth(board.problem, each))
        objective = worth(board.problem, choice)
    chosen = merged.spread(choice)
    log.info("plan: objective %.2f, bound %.2f", objective, bound)
    return PlanSolution(chosen, worth(problem, chosen), bound, answer.priced.prices)


def usage(problem: PlanProblem, choice: np.ndarray) -> tuple[float, np.ndarray]:
    """What a plan takes of the budget, and of each category-week's slots."""
    item, week = np.nonzero(choice != NOTHING)
    slots = np.zeros(problem.slots.shape)
    np.add.at(slots, (problem.category[item], week), 1)
    return float(problem.cost[item, week, choice[item, week]].sum()), slots


def _finish_prices(answer: Answer) -> tuple[Answer, Columns]:
    """Column generation: price by the relaxed master, add each item's nearly best calendars."""
    board = answer.board
    best, columns = answer, Columns(np.empty(0, int), np.empty((0, board.value.shape[1]), int))
    for _ in range(ROUNDS):
        labels, _ = near_best(answer.priced, _items(board), _span(answer), _few(board))
        master = gather(answer, _fitting(board, labels), columns)
        columns = master.columns
        if not len(columns.item):
            break
        relaxed, vector = master.relaxed()
        answer = Answer(board, vector)
        best = min(best, answer, key=lambda each: each.bound)
        log.debug("%d columns, relaxed %.4f, bound %.4f", len(columns.item), relaxed, best.bound)
        if best.bound - relaxed <= TOLERANCE * abs(best.bound):
            break
    return best, columns


def _items(board: Board) -> np.ndarray:
    return np.arange(len(board.problem.category))


def _span(answer: Answer) -> float:
    """How far from its best a calendar may be: what a promotion earns on average."""
    promotions = int(np.count_nonzero(answer.calendar != NOTHING))
    return abs(answer.bound) / max(1, promotions)


def _few(board: Board) -> int:
    """Calendars to choose between: a few for each limit, of which one item each is split."""
    return FEW + 3 * int(np.isfinite(board.limits.room).sum())


def _fitting(board: Board, labels: Labels) -> Labels:
    return labels[board.stock.fits(labels.item, labels.calendar)]
