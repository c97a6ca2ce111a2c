"""Calendars: one item's promotions over the weeks, under prices on the shared limits.

Given a price on the budget and on each category-week's slot, items no longer depend on each
other and each is a small dynamic programme over weeks. An item's state is the week from
which it may be promoted again and how many promotions it has left. All items are solved at
once. Arrays of calendars are int (n, weeks), an option or NOTHING per week.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ml.promotions.problem import NOTHING, PlanProblem


@dataclass(frozen=True)
class Prices:
    """Lagrange multipliers: `budget` a number, `slots` (categories, weeks), all >= 0."""

    budget: float
    slots: np.ndarray


@dataclass(frozen=True)
class PricedProblem:
    """A problem whose shared limits are replaced by prices."""

    problem: PlanProblem
    prices: Prices

    @cached_property
    def net(self) -> np.ndarray:
        """Value less priced limits, (items, weeks, options); -inf where not allowed."""
        problem = self.problem
        slot = self.prices.slots[problem.category][:, :, None]
        priced = problem.value - self.prices.budget * problem.cost - slot
        return np.where(problem.allowed, priced, -np.inf)

    @cached_property
    def best(self) -> np.ndarray:
        """The net of the best option of each item and week, (items, weeks)."""
        return self.net.max(axis=2, initial=-np.inf)

    @cached_property
    def worth(self) -> np.ndarray:
        """Most net value from week t on with k promotions left, (weeks + 1, most + 1, items)."""
        items, weeks = self.best.shape
        worth = np.zeros((weeks + 1, self.problem.most + 1, items))
        each = np.arange(items)
        for week in range(weeks - 1, -1, -1):
            free = self.free_again(week)
            for left in range(1, self.problem.most + 1):
                promoted = self.best[:, week] + worth[free, left - 1, each]
                worth[week, left] = np.maximum(worth[week + 1, left], promoted)
        return worth

    def free_again(self, week: int) -> np.ndarray:
        """The first week an item promoted in `week` may be promoted again, (items,)."""
        return np.minimum(week + 1 + self.problem.gap, self.best.shape[1])

    @property
    def bound(self) -> float:
        """No plan is worth more than this, whatever the prices (weak duality)."""
        slots = float((self.prices.slots * self.problem.slots).sum())
        per_item = self.worth[0, self.problem.most]
        return float(per_item.sum()) + self.prices.budget * self.problem.budget + slots

    def best_calendars(self) -> np.ndarray:
        """Each item's best calendar, (items, weeks)."""
        items, weeks = self.best.shape
        option = self.net.argmax(axis=2)
        chosen = np.full((items, weeks), NOTHING)
        each, free, left = np.arange(items), np.zeros(items, int), np.full(items, self.problem.most)
        for week in range(weeks):
            again = self.free_again(week)
            promoted = self.best[:, week] + self.worth[again, np.maximum(left - 1, 0), each]
            take = (free <= week) & (left > 0) & (promoted > self.worth[week + 1, left, each])
            chosen[take, week] = option[take, week]
            free, left = np.where(take, again, free), left - take
        return chosen

    def near_best(self, loss: float, most: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Every calendar that falls at most `loss` short of its item's best one.

        Returns items (n,), calendars (n, weeks) and the loss up to which they are complete:
        less than asked for where more than `most` calendars qualify, the nearest kept.
        """
        items, weeks = self.best.shape
        item = np.arange(items)
        short, left = np.zeros(items), np.full(items, self.problem.most)
        free, calendar = np.zeros(items, int), np.full((items, weeks), NOTHING)
        for week in range(weeks):
            may = (free <= week) & (left > 0)
            here, after = self.worth[week, left, item], self.worth[week + 1, left, item]
            none = np.where(may, short + here - after, short)
            row, option = np.nonzero(may[:, None] & np.isfinite(self.net[item, week]))
            again = self.free_again(week)[item[row]]
            promoted = self.net[item[row], week, option]
            then = promoted + self.worth[again, left[row] - 1, item[row]]
            loses = np.concatenate([none, short[row] + here[row] - then])
            keep, loss = _nearest(loses, loss, most)
            row = np.concatenate([np.arange(len(item)), row])[keep]
            option = np.concatenate([np.full(len(item), NOTHING), option])[keep]
            free = np.concatenate([free, again])[keep]
            item, left, calendar = item[row], left[row] - (option != NOTHING), calendar[row]
            short, calendar[:, week] = loses[keep], option
        return item, calendar, loss


def _nearest(loses: np.ndarray, loss: float, most: int) -> tuple[np.ndarray, float]:
    keep = np.flatnonzero(loses <= loss)
    if len(keep) <= most:
        return keep, loss
    nearest = keep[np.argsort(loses[keep], kind="stable")[:most]]
    return np.sort(nearest), float(np.nextafter(loses[nearest[-1]], -np.inf))
