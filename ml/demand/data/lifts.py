"""Plain estimates from what was seen: lifts common to all products, weekly surprises."""

import numpy as np

from ml.demand.data.covariates import EFFECTS
from ml.demand.data.panel import Panel
from ml.demand.data.stockouts import LEVEL_WEEKS

NEWTON_STEPS = 12
RIDGE = 1.0


def summed(values: np.ndarray, span: int) -> np.ndarray:
    """Sum over each week and the `span` - 1 before it."""
    total = np.cumsum(values, axis=1)
    total[:, span:] = total[:, span:] - total[:, :-span].copy()
    return total


def pooled_lift(seen: Panel) -> np.ndarray:
    """(4,) log effects common to all products, each with a level of its own.

    Poisson likelihood given each product's total, by Newton's method.
    Source: Hausman, Hall and Griliches (1984), "Econometric models for count data".
    """
    effects, is_demand = seen.realised, seen.is_demand
    units = seen.units * is_demand
    total = units.sum(axis=1, keepdims=True)
    lift = np.zeros(len(EFFECTS))
    for _ in range(NEWTON_STEPS):
        share = np.exp(effects @ lift) * is_demand
        expected = total * share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
        centre = np.einsum("nw,nwk->nk", expected, effects) / np.maximum(total, 1e-9)
        away = effects - centre[:, None]
        slope = np.einsum("nw,nwk->k", units - expected, away)
        curvature = np.einsum("nw,nwj,nwk->jk", expected, away, away)
        lift = lift + np.linalg.solve(curvature + RIDGE * np.eye(len(lift)), slope)
    return lift


def surprises(seen: Panel) -> np.ndarray:
    """(N, W) log of sold over expected: the last weeks' level at the week's own promotion.

    NaN where fewer than a quarter of those weeks count, and where the week does not.
    """
    usual = np.exp(seen.realised @ pooled_lift(seen))
    before = slice(None, -1)
    sold = summed(seen.unconstrained, LEVEL_WEEKS)[:, before]
    there = summed(usual * seen.started, LEVEL_WEEKS)[:, before]
    expected = (sold + 0.5) / (there + 0.5) * usual[:, 1:]
    away = np.log((seen.units[:, 1:] + 0.5) / (expected + 0.5))
    known = summed(seen.is_demand.astype(float), LEVEL_WEEKS)[:, before] >= LEVEL_WEEKS / 4
    return np.where(known & seen.in_stock[:, 1:], away, np.nan)
