"""Quantiles of the negative binomial, and the factor on its size that makes them true."""

import numpy as np
from scipy import stats

from ml.demand.metrics import LEVELS, weighted_quantile_loss

SCALES = np.geomspace(0.4, 2.5, 9)


def quantiles(mean: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The nine quantiles, (9, *mean.shape), of var = mean + mean^2 / size: whole units."""
    levels = LEVELS.reshape(-1, *[1] * mean.ndim)
    return stats.nbinom.ppf(levels, size, size / (size + mean))


def calibrated_scale(units: np.ndarray, mean: np.ndarray, size: np.ndarray) -> float:
    """The factor on `size` with the least quantile loss on forecasts made out of sample."""
    losses = [weighted_quantile_loss(units, quantiles(mean, size * s)) for s in SCALES]
    return float(SCALES[int(np.argmin(losses))])
