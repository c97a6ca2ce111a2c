"""Elasticities and lifts before anything else: from how each product's sales spread over weeks.

Given what a product sold in all, its units are multinomial over the weeks with chances
proportional to exp(effects): no level, trend or network has a say. It is the Poisson likelihood
given each product's total (Hausman, Hall and Griliches, "Econometric Models for Count Data with an
Application to the Patents-R&D Relationship", Econometrica 52, 1984), with the priors of the model.
"""

import logging
from dataclasses import dataclass

import keras
import numpy as np
from scipy import optimize, special

from ml.demand.data.covariates import EFFECTS, covariates
from ml.demand.data.panel import Panel
from ml.demand.network.priors import PRIOR_SD, STARTS
from ml.demand.network.structured import DAYS, StructuredDemand

log = logging.getLogger(__name__)

INFORMATION = 0.2  # of a unit sold, against one of a Poisson count: sales come in larger jumps
CALENDAR_SD = 0.2  # of the calendar's log effects
ROUNDS = 150  # of the optimiser: what the rest would change is below a thousandth of an effect
KINDS = len(EFFECTS)


@dataclass(frozen=True)
class WeeklySales:
    """`units` and `is_demand` (N, W), log `plan` (N, W, 4), `days` (N, W, C) of `CALENDAR`.

    `codes` (N, 4) are of tables with `rows`.
    """

    units: np.ndarray
    is_demand: np.ndarray
    plan: np.ndarray
    days: np.ndarray
    codes: np.ndarray
    rows: list[int]

    def split(self, terms: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """The terms common to all, (1, 4), each level's deviations, (rows, 4); the calendar's."""
        ends = np.cumsum([1, *self.rows])
        own, calendar = np.split(terms, [KINDS * ends[-1]])
        return np.split(own.reshape(-1, KINDS), ends[:-1]), calendar

    def penalised(self, terms: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the log posterior, but for a constant, and its slopes."""
        (common, *deviations), calendar = self.split(terms)
        own = np.array(STARTS[:KINDS]) + common
        for level, table in enumerate(deviations):
            own = own + table[self.codes[:, level]]
        effects = np.concatenate([-np.logaddexp(0, own[:, :2]), own[:, 2:]], axis=1)
        lift = np.einsum("nwk,nk->nw", self.plan, effects) + self.days @ calendar
        chances = special.log_softmax(np.where(self.is_demand, lift, -np.inf), axis=1)
        units = INFORMATION * self.units
        value = -float((units * np.where(self.is_demand, chances, 0.0)).sum())
        away = units.sum(axis=1, keepdims=True) * np.exp(chances) - units
        slope = np.einsum("nw,nwk->nk", away, self.plan)
        slope[:, :2] *= -special.expit(own[:, :2])
        slopes = [slope.sum(axis=0, keepdims=True)]
        for level, (table, sd) in enumerate(zip(deviations, PRIOR_SD.values(), strict=True)):
            value += float((table**2).sum()) / (2 * sd**2)
            slopes.append(table / sd**2)
            np.add.at(slopes[-1], self.codes[:, level], slope)
        value += float((calendar**2).sum()) / (2 * CALENDAR_SD**2)
        of_calendar = np.einsum("nw,nwc->c", away, self.days) + calendar / CALENDAR_SD**2
        return value, np.concatenate([*(each.ravel() for each in slopes), of_calendar])


def learn_effects(model: StructuredDemand, seen: Panel) -> None:
    """Give the model the likeliest effects of the weeks seen.

    They are elasticities, lifts and the calendar's. The search starts from those it has. Its other
    weights stay as they are.
    """
    tables = [model.effects.start, *model.effects.deviations]
    sold = (seen.units * seen.is_demand).any(axis=1)
    held = [keras.ops.convert_to_numpy(table).astype("float64") for table in tables]
    inputs = covariates(seen)
    calendar = keras.ops.convert_to_numpy(model.effects.calendar)
    sales = WeeklySales(
        (seen.units * seen.is_demand)[sold],
        seen.is_demand[sold],
        inputs["effects"][sold].astype("float64"),
        inputs["context"][sold][..., DAYS].astype("float64"),
        model.codes(seen.products)[sold],
        [len(table) for table in held[1:]],
    )
    speed = model.speed
    first = np.concatenate([np.atleast_2d(table)[:, :KINDS] for table in held]) * speed
    start = np.concatenate([first.ravel(), calendar])
    optimum = optimize.minimize(
        sales.penalised, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS}
    )
    terms, calendar = sales.split(optimum.x)
    model.effects.calendar.assign(calendar)
    for table, old, new in zip(tables, held, terms, strict=True):
        old[..., :KINDS] = new.reshape(old[..., :KINDS].shape) / speed
        table.assign(old)
    log.info("effects of %d weeks learnt in %d rounds", len(seen.weeks), optimum.nit)
