"""The Lagrangian dual: what the best plan can be worth at most, under given prices."""

import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ml.errors import InfeasibleError
from ml.solver.calendars import DynamicProgram, PricedProgram
from ml.solver.near_best import near_best
from ml.solver.problem import NOTHING

log = logging.getLogger(__name__)

NO_LIMIT = 2**62  # of labels
NO_SLOPE = 1e-12  # L-BFGS-B's gtol, out of reach: a bound with kinks has no slope near zero


@dataclass(frozen=True)
class DualPrices:
    """A point of the dual: prices of the shared limits, (rows,), and the items' answer to them.

    Under prices each item takes the best calendar that its own stock allows.
    """

    program: DynamicProgram
    prices: np.ndarray

    @cached_property
    def priced(self) -> PricedProgram:
        return PricedProgram(self.program, self.program.limits.by_name(self.prices))

    @cached_property
    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """Calendars (items, weeks) and their net worth (items,)."""
        worth = self.priced.worth[0, self.program.problem.max_promotions].copy()
        calendar = self.priced.best_calendars()
        batch = self.program.settings.stock_batch
        over = np.flatnonzero(~self.program.stock.fits(np.arange(len(worth)), calendar))
        for part in np.array_split(over, -(-len(over) // batch)) if len(over) else []:
            calendar[part], loss = _within_stock(self.priced, part)
            worth[part] -= loss
        return calendar, worth

    @property
    def calendar(self) -> np.ndarray:
        return self.best[0]

    @cached_property
    def bound(self) -> float:
        """No plan is worth more than this, whatever the prices (weak duality)."""
        limits = self.program.limits
        room = float(self.prices[limits.finite] @ limits.room[limits.finite])
        return room + float(self.best[1].sum())

    @cached_property
    def usage(self) -> np.ndarray:
        """What the calendars use of every row, (rows,)."""
        item, week = np.nonzero(self.calendar != NOTHING)
        return self.program.limits.usage(item, week, self.calendar[item, week])


def _within_stock(priced: PricedProgram, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best calendars within stock of items whose very best outsells it, and their loss."""
    max_loss = np.full(len(priced.program.problem.category), np.inf)
    calendars = np.full((len(items), priced.program.value.shape[1]), NOTHING)
    loss, worth = np.full(len(items), np.inf), np.abs(priced.worth[0, -1, items])
    for share in priced.program.settings.stock_loss_shares:
        open_ = np.flatnonzero(~np.isfinite(loss))
        if not len(open_):
            break
        max_loss[items[open_]] = share * np.maximum(worth[open_], 1e-9)
        labels, _ = near_best(priced, items[open_], max_loss, NO_LIMIT)
        fitting = labels[priced.program.stock.fits(labels.item, labels.calendar)]
        order = np.lexsort((fitting.loss, fitting.item))
        item, first = np.unique(fitting.item[order], return_index=True)
        at = np.searchsorted(items, item)
        calendars[at], loss[at] = fitting.calendar[order][first], fitting.loss[order][first]
    if not np.isfinite(loss).all():
        raise InfeasibleError(
            f"items {items[~np.isfinite(loss)].tolist()} have no calendar that keeps their must, "
            "pinned promotions, gap and stock; loosen one of these"
        )
    return calendars, loss


def minimise_bound(program: DynamicProgram, initial: np.ndarray) -> DualPrices:
    """Minimise the bound over prices >= 0 by a quasi-Newton method, from `initial` (rows,).

    The bound is convex and piecewise linear, close to smooth where items are many: L-BFGS-B
    (Byrd, Lu, Nocedal and Zhu 1995) in units in which a price of 1 is what a limit's use earns.
    """
    limits, settings = program.limits, program.settings
    unit = _units(program)
    best = DualPrices(program, initial)
    scale, bounded = max(abs(best.bound), 1e-9), np.isfinite(limits.room)

    def bound_and_slope(point: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best
        dual = DualPrices(program, np.maximum(point, 0.0) * unit)
        if dual.bound < best.bound:
            best = dual
        slope = np.where(bounded, limits.room - dual.usage, 0.0) * unit
        return dual.bound / scale, slope / scale

    with threadpool_limits(1, "blas"):  # its matrices are too small to share between threads
        minimize(
            bound_and_slope,
            initial / unit,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None if is_set else 0.0) for is_set in bounded],
            options={
                "maxfun": settings.dual_evaluations,
                "maxcor": settings.dual_memory,
                "ftol": settings.dual_tolerance,
                "gtol": NO_SLOPE,
            },
        )
    return best


def _units(program: DynamicProgram) -> np.ndarray:
    """Per row, what one unit of its use earns where every item does its best, (rows,)."""
    limits = program.limits
    free = DualPrices(program, np.zeros(len(limits.room)))
    usage, earned = free.usage, max(float(free.best[1].sum()), 1e-9)
    costly = np.arange(len(limits.room)) < limits.offsets["slots"]
    slots = slice(limits.offsets["slots"], limits.offsets["week_slots"])
    taken = np.where(costly, usage[0], usage[slots].sum())
    taken[limits.offsets["shared_stock"] :] = usage[limits.offsets["shared_stock"] :].sum()
    return earned / np.maximum(taken, 1e-9)
