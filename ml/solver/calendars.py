"""Calendars: one item's promotions over the weeks, under prices on the shared limits.

Given a price on each shared limit, items no longer depend on each other and each is a small
dynamic programme over weeks. An item's state is the week from which it may be promoted again
and how many promotions it has left. All items are solved at once, so arrays end in the items'
axis. Calendars are int (n, weeks), an option or NOTHING per week.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ml.solver.groups import Merged
from ml.solver.limits import Limits
from ml.solver.own_stock import OwnStock
from ml.solver.problem import FREE, NOTHING, PlanProblem, ShadowPrices
from ml.solver.settings import SolverSettings

EVERY = slice(None)


@dataclass(frozen=True)
class DynamicProgram:
    """A merged problem laid out for the dynamic programme over weeks, without prices.

    value, cost: (options, weeks, items); value is -inf where an option is not allowed.
    demanded: bool (weeks + 1, items), the item must be promoted in that week.
    again: (weeks + 1, items), the first week that is free after a promotion up to a week.
    barred: bool, the same shape; such an end would leave a demanded week without promotion.
    """

    merged: Merged
    settings: SolverSettings
    limits: Limits
    stock: OwnStock
    value: np.ndarray
    cost: np.ndarray
    demanded: np.ndarray
    again: np.ndarray
    barred: np.ndarray

    @property
    def problem(self) -> PlanProblem:
        return self.merged.problem

    @cached_property
    def needed(self) -> np.ndarray:
        """Whether an item must have a promotion, bool (items,)."""
        must = self.problem.must
        demanded = np.asarray(self.demanded.any(axis=0))
        return demanded if must is None else np.logical_or(demanded, must)

    @property
    def lengths(self) -> range:
        """How many weeks a promotion may last."""
        shortest, longest = self.problem.duration
        return range(shortest, min(longest, self.value.shape[1]) + 1)


def dynamic_program(merged: Merged, settings: SolverSettings) -> DynamicProgram:
    """Lay out a merged problem; options that outsell the stock alone are ruled out."""
    problem = merged.problem
    items, weeks, options = problem.value.shape
    stock, pinned = OwnStock.of(merged, settings.tolerance), problem.pinned
    allowed = (problem.allowed & stock.fits_alone(problem.value.shape)).transpose(2, 1, 0)
    demanded = np.zeros((weeks + 1, items), bool)
    if pinned is not None:
        pin = pinned.T
        demanded[:weeks] = (pin != FREE) & (pin != NOTHING)
        same = np.arange(options)[:, None, None] == pin
        allowed = allowed & np.where(pin >= NOTHING, same, True)
    again = np.minimum(np.arange(weeks + 1)[:, None] + problem.gap, weeks)
    first = np.full((weeks + 1, items), weeks)
    for week in range(weeks - 1, -1, -1):
        first[week] = np.where(demanded[week], week, first[week + 1])
    return DynamicProgram(
        merged=merged,
        settings=settings,
        limits=Limits(problem, merged.weight),
        stock=stock.beyond_one_week(problem.max_promotions * problem.duration[1]),
        value=np.where(allowed, problem.value.transpose(2, 1, 0), -np.inf),
        cost=np.where(allowed, problem.cost.transpose(2, 1, 0), 0.0),
        demanded=demanded,
        again=again,
        barred=first < again,
    )


@dataclass(frozen=True)
class PricedProgram:
    """A dynamic programme whose shared limits are replaced by prices."""

    program: DynamicProgram
    prices: ShadowPrices

    @cached_property
    def money(self) -> np.ndarray:
        """Price of a unit of cost by week and item."""
        prices = self.prices
        by_week = prices.budget + prices.week_budget[:, None]
        return (by_week + prices.category_budget)[:, self.program.problem.category]

    @cached_property
    def slot(self) -> np.ndarray:
        """Price of the slots a promotion takes, exclusive groups included, by week and item."""
        prices, limits = self.prices, self.program.limits
        slots = (prices.slots + prices.week_slots).T[:, self.program.problem.category]
        slots = slots * limits.weight
        return slots + (limits.members @ prices.exclusive).T if limits.problem.exclusive else slots

    @cached_property
    def shared_stock_use(self) -> np.ndarray | None:
        """Price of the shared stock an option takes, (options, weeks, items); None: of none."""
        problem = self.program.problem
        if problem.shared_stock_use is None:
            return None
        priced = problem.shared_stock_use @ self.prices.shared_stock.ravel()
        return priced.reshape(problem.value.shape).transpose(2, 1, 0)

    def charge(
        self, option: int, weeks: slice = EVERY, items: slice | np.ndarray = EVERY
    ) -> np.ndarray:
        """Price of what an option takes of budgets and shared stock, (weeks, items)."""
        spent = self.money[weeks][:, items] * self.program.cost[option, weeks][:, items]
        return (
            spent
            if self.shared_stock_use is None
            else spent + self.shared_stock_use[option, weeks][:, items]
        )

    @cached_property
    def runs(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """By length in weeks: the best promotion starting in a week, its net value and its option.

        Both (weeks - length + 1, items).
        """
        program, lengths = self.program, self.program.lengths
        best = {n: np.full(program.value[0, n - 1 :].shape, -np.inf) for n in lengths}
        which = {n: np.zeros(best[n].shape, np.int16) for n in lengths}
        for option in range(len(program.value)):
            weekly = program.value[option] - self.charge(option)
            run = weekly
            for length in range(1, lengths.stop):
                if length > 1:
                    run = weekly[: len(run) - 1] + run[1:]
                if length in lengths:
                    np.copyto(which[length], option, where=run > best[length])
                    np.maximum(best[length], run, out=best[length])
        slot = self.slot
        for length in range(1, lengths.stop):
            if length > 1:
                slot = self.slot[: len(slot) - 1] + slot[1:]
            if length in lengths:
                best[length] -= slot
        return {length: (best[length], which[length]) for length in lengths}

    @cached_property
    def worth(self) -> np.ndarray:
        """Best net value from a week on, (weeks + 1, promotions left + 1, items)."""
        program, max_left = self.program, self.program.problem.max_promotions
        weeks, items = program.value.shape[1:]
        worth, each = np.zeros((weeks + 1, max_left + 1, items)), np.arange(items)
        if program.problem.must is not None:
            worth[weeks, max_left, program.problem.must] = -np.inf
        for week in range(weeks - 1, -1, -1):
            worth[week] = worth[week + 1]
            worth[week][:, program.demanded[week]] = -np.inf
            for length in program.lengths:
                if week + length > weeks:
                    break
                start = self.runs[length][0][week]
                for left in range(1, max_left + 1):
                    promoted = start + self.after(week + length, left - 1, each, worth)
                    np.maximum(worth[week, left], promoted, out=worth[week, left])
        return worth

    def after(
        self, end: int, left: int | np.ndarray, item: np.ndarray, worth: np.ndarray | None = None
    ) -> np.ndarray:
        """Best net value after a promotion up to week `end`, with `left` promotions left."""
        worth = self.worth if worth is None else worth
        then = worth[self.program.again[end, item], left, item]
        return np.where(self.program.barred[end, item], -np.inf, then)

    def best_calendars(self) -> np.ndarray:
        """Each item's best calendar, regardless of stock over several weeks, (items, weeks)."""
        weeks, items = self.program.value.shape[1:]
        calendars = np.full((weeks, items), NOTHING, np.int16)
        each, free = np.arange(items), np.zeros(items, int)
        left = np.full(items, self.program.problem.max_promotions)
        for week in range(weeks):
            other = np.where(self.program.demanded[week], -np.inf, self.worth[week + 1, left, each])
            may, again = (free <= week) & (left > 0), free
            for length in self.program.lengths:
                if week + length > weeks:
                    break
                start, option = (table[week] for table in self.runs[length])
                promoted = start + self.after(week + length, np.maximum(left - 1, 0), each)
                take = may & (promoted > other)
                other = np.where(take, promoted, other)
                calendars[week : week + length, take] = option[take]
                calendars[week + length :, take] = NOTHING
                again = np.where(take, self.program.again[week + length], again)
            left, free = left - (again > free), again
        return calendars.T.astype(int)
