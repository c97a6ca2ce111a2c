"""The effects of price, display and mailer: their posterior mode given each product's total units.

Given its total, a product's level drops out of the Poisson likelihood, so all terms of the
hierarchy are found together, in seconds and to the end. Trained beside a network they stop short
of that, or drift from it, as the network can say the same of the weeks it was shown; out of time
they then explain less (docs/demand-model.md). Source of the likelihood: Hausman, Hall and Griliches
(1984), "Econometric models for count data", sec. 2. Sales vary more than Poisson: a product's
weight is that of a count whose variance is mean + `EXCESS` mean^2 (quasi-likelihood; McCullagh
and Nelder, 1989, "Generalized Linear Models", sec. 9.2).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ml.demand.model import PRIOR_SD, STARTS, StructuredDemand
from ml.demand.windows import EFFECTS, STATIC, Panel, covariates

EXCESS = 0.1
ITERATIONS = 400
ELASTICITIES = slice(0, 2)


@dataclass(frozen=True)
class Sales:
    """What the terms are fitted to: products N, weeks W, the K `EFFECTS`.

    `codes` (N, 4) are rows of the tables of `STATIC`, `weight` (N, 1) what a unit counts.
    """

    effects: np.ndarray
    units: np.ndarray
    started: np.ndarray
    codes: np.ndarray
    sizes: tuple[int, ...]
    weight: np.ndarray


def fit_effects(model: StructuredDemand, seen: Panel) -> None:
    """Set the model's effects to the mode on the weeks `seen`."""
    sales = _sales(model, seen)
    count = len(EFFECTS)
    found = optimize.minimize(
        _loss,
        np.zeros(count * (1 + sum(sales.sizes))),
        args=(sales,),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "maxcor": 20},
    )
    tables = _tables(found.x, sales.sizes)
    weights = [model.effects.start, *model.effects.deviations]
    for weight, table in zip(weights, tables, strict=True):
        weight.assign(table.reshape(weight.shape))


def _sales(model: StructuredDemand, seen: Panel) -> Sales:
    units = seen.units * seen.started
    return Sales(
        effects=covariates(seen)["effects"].astype("float64"),
        units=units,
        started=seen.started.astype("float64"),
        codes=model.codes(seen.products),
        sizes=tuple(len(model.vocabulary[level]) + 1 for level in STATIC),
        weight=unit_weight(seen),
    )


def unit_weight(seen: Panel) -> np.ndarray:
    """(N, 1) what a unit of each product counts."""
    weeks = np.maximum(seen.started.sum(axis=1, keepdims=True), 1)
    return 1 / (1 + EXCESS * (seen.units * seen.started).sum(axis=1, keepdims=True) / weeks)


def _tables(terms: np.ndarray, sizes: tuple[int, ...]) -> list[np.ndarray]:
    """The shared terms (1, K) and each level's deviations (values, K) from one long vector."""
    ends = np.cumsum([1, *sizes])
    return np.split(terms.reshape(-1, len(EFFECTS)), ends[:-1])


def _loss(terms: np.ndarray, sales: Sales) -> tuple[float, np.ndarray]:
    """Negative log posterior and its gradient."""
    shared, *deviations = _tables(terms, sales.sizes)
    total = np.array(STARTS) + shared
    for level, table in enumerate(deviations):
        total = total + table[sales.codes[:, level]]
    likelihood, slope = _conditional(total, sales)
    penalty, gradient = 0.0, [slope.sum(axis=0, keepdims=True)]
    for level, (table, sd) in enumerate(zip(deviations, PRIOR_SD.values(), strict=True)):
        summed = np.zeros_like(table)
        np.add.at(summed, sales.codes[:, level], slope)
        gradient.append(summed - table / sd**2)
        penalty += float((table**2).sum()) / sd**2 / 2
    return penalty - likelihood, -np.concatenate(gradient).ravel()


def _conditional(terms: np.ndarray, sales: Sales) -> tuple[float, np.ndarray]:
    """Log likelihood of the weeks given each product's total, and its slope (N, K) by `terms`."""
    coefficient, turn = terms.copy(), np.ones_like(terms)
    coefficient[:, ELASTICITIES] = -np.logaddexp(0, terms[:, ELASTICITIES])
    turn[:, ELASTICITIES] = -special.expit(terms[:, ELASTICITIES])
    log_lift = np.einsum("nwk,nk->nw", sales.effects, coefficient)
    lift = np.exp(log_lift) * sales.started
    usual = np.maximum(lift.sum(axis=1, keepdims=True), 1e-12)
    total = sales.units.sum(axis=1, keepdims=True)
    each = (sales.units * log_lift).sum(axis=1, keepdims=True) - total * np.log(usual)
    away = sales.weight * (sales.units - total * lift / usual)
    return float((sales.weight * each).sum()), turn * np.einsum("nw,nwk->nk", away, sales.effects)
