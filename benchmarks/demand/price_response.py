"""How much of later sales the fitted price response explains, given the realised prices.

A demand model fitted before an origin gives each product's effects; a product's level is
what it sold in the last weeks before the origin, its effects divided out. What is judged is
level times exp(effects) in the weeks after, against the level alone.
"""

import numpy as np
from keras import ops

from ml.demand.data.covariates import covariates
from ml.demand.data.panel import Panel
from ml.demand.data.stockouts import LEVEL_WEEKS
from ml.demand.network.structured import StructuredDemand, coefficients

LEAST_LEVEL = 0.5  # units over all of `LEVEL_WEEKS`: a level of 0 has no deviance


def price_response(model: StructuredDemand, panel: Panel, origin: int) -> dict[str, float]:
    """Judge a model fitted on the panel's first `origin` weeks on all weeks after them.

    Returns:
        `deviance_explained`: 1 - Poisson deviance of level x exp(effects) / that of the level
        alone; `median_elasticity` over products; `share_positive` of the elasticities.

    Poisson deviance: McCullagh and Nelder (1989), "Generalized Linear Models", sec. 2.3.
    """
    weights = ops.convert_to_numpy(coefficients(model.effects(model.codes(panel.products))))
    effects = covariates(panel, price_step=0.0)["effects"].astype("float64")
    lift = np.exp((effects * weights[:, None]).sum(axis=-1))
    deviance = _deviance(panel, origin, lift)
    level_deviance = _deviance(panel, origin, np.ones_like(lift))
    return {
        "deviance_explained": 1 - deviance / level_deviance,
        "median_elasticity": float(np.median(weights[:, 0])),
        "share_positive": float((weights[:, 0] > 0).mean()),
    }


def _deviance(panel: Panel, origin: int, lift: np.ndarray) -> float:
    """Of the weeks after `origin`, each product's level times `lift` expected."""
    before = slice(max(0, origin - LEVEL_WEEKS), origin)
    there = (lift * panel.started)[:, before].sum(axis=1)
    sold = np.maximum(panel.unconstrained[:, before].sum(axis=1), LEAST_LEVEL)
    has_level = there > 0
    level = sold[has_level] / there[has_level]
    return poisson_deviance(
        panel.demand[has_level, origin:], level[:, None] * lift[has_level, origin:]
    )


def poisson_deviance(units: np.ndarray, mean: np.ndarray) -> float:
    """2 * sum(units * log(units / mean) - (units - mean)) over the units known; 0 * log(0) is 0."""
    ratio = np.where(units > 0, units / mean, 1.0)
    return float(2 * np.nansum(units * np.log(ratio) - (units - mean)))
