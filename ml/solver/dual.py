"""The Lagrangian dual: what the best plan can be worth at most, under given prices."""

import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ml.errors import InfeasibleError
from ml.solver.calendars import Board, Priced
from ml.solver.near_best import near_best
from ml.solver.problem import NOTHING

log = logging.getLogger(__name__)

ALL = 2**62
AT_ONCE = 1_000  # items whose stock is short, whose calendars are listed together


@dataclass(frozen=True)
class Answer:
    """Each item's best calendar that its stock bears, under the prices `vector` (rows,)."""

    board: Board
    vector: np.ndarray

    @cached_property
    def priced(self) -> Priced:
        return Priced(self.board, self.board.limits.prices(self.vector))

    @cached_property
    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """Calendars (items, weeks) and their net worth (items,)."""
        worth = self.priced.worth[0, self.board.problem.most].copy()
        calendar = self.priced.best_calendars()
        over = np.flatnonzero(~self.board.stock.fits(np.arange(len(worth)), calendar))
        for part in np.array_split(over, -(-len(over) // AT_ONCE)) if len(over) else []:
            calendar[part], short = _within_stock(self.priced, part)
            worth[part] -= short
        return calendar, worth

    @property
    def calendar(self) -> np.ndarray:
        return self.best[0]

    @cached_property
    def bound(self) -> float:
        """No plan is worth more than this, whatever the prices (weak duality)."""
        limits = self.board.limits
        room = float(self.vector[limits.given] @ limits.room[limits.given])
        return room + float(self.best[1].sum())

    @cached_property
    def usage(self) -> np.ndarray:
        """What the calendars use of every row, (rows,)."""
        item, week = np.nonzero(self.calendar != NOTHING)
        return self.board.limits.usage(item, week, self.calendar[item, week])


def _within_stock(priced: Priced, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best calendars of items whose very best outsells the stock, and how short they fall."""
    loss = np.full(len(priced.board.problem.category), np.inf)
    found = np.full((len(items), priced.board.value.shape[1]), NOTHING)
    short, worth = np.full(len(items), np.inf), np.abs(priced.worth[0, -1, items])
    for share in (0.1, 0.3, 1.0, np.inf):
        open_ = np.flatnonzero(~np.isfinite(short))
        if not len(open_):
            break
        loss[items[open_]] = share * np.maximum(worth[open_], 1e-9)
        labels, _ = near_best(priced, items[open_], loss, ALL)
        fitting = labels[priced.board.stock.fits(labels.item, labels.calendar)]
        order = np.lexsort((fitting.short, fitting.item))
        item, first = np.unique(fitting.item[order], return_index=True)
        at = np.searchsorted(items, item)
        found[at], short[at] = fitting.calendar[order][first], fitting.short[order][first]
    if not np.isfinite(short).all():
        raise InfeasibleError(
            f"items {items[~np.isfinite(short)].tolist()} have no calendar that keeps their must, "
            "pinned promotions, gap and stock; loosen one of these"
        )
    return found, short


def lowest(board: Board, start: np.ndarray, steps: int) -> Answer:
    """Walk the bound down by a quasi-Newton search within prices >= 0.

    The bound is convex and piecewise linear, close to smooth where items are many: L-BFGS-B
    (Byrd, Lu, Nocedal and Zhu 1995) in units in which a price of 1 is what a limit's use earns.
    """
    limits = board.limits
    unit = _units(board)
    best = Answer(board, start)
    scale, bounded = max(abs(best.bound), 1e-9), np.isfinite(limits.room)

    def fall(point: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best
        answer = Answer(board, np.maximum(point, 0.0) * unit)
        if answer.bound < best.bound:
            best = answer
        slope = np.where(bounded, limits.room - answer.usage, 0.0) * unit
        return answer.bound / scale, slope / scale

    with threadpool_limits(1, "blas"):  # its matrices are too small to share between threads
        minimize(
            fall,
            start / unit,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None if is_set else 0.0) for is_set in bounded],
            options={"maxfun": steps, "maxcor": 20, "ftol": 1e-8, "gtol": 1e-12},
        )
    return best


def _units(board: Board) -> np.ndarray:
    """Per row, what one unit of its use earns where every item does its best, (rows,)."""
    limits = board.limits
    free = Answer(board, np.zeros(len(limits.room)))
    usage, earned = free.usage, max(float(free.best[1].sum()), 1e-9)
    costly = np.arange(len(limits.room)) < limits.starts["slots"]
    slots = slice(limits.starts["slots"], limits.starts["week_slots"])
    taken = np.where(costly, usage[0], usage[slots].sum())
    taken[limits.starts["draws"] :] = usage[limits.starts["draws"] :].sum()
    return earned / np.maximum(taken, 1e-9)
