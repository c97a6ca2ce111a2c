"""Quantiles of the negative binomial, and the factor on its dispersion that makes them true."""

import numpy as np
from scipy import stats

from ml.demand.evaluation import metrics
from ml.demand.evaluation.metrics import LEVELS

SCALES = np.geomspace(0.4, 2.5, 9)
SHARE = LEVELS[-1] - LEVELS[0]


def quantiles(mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """The nine quantiles, (9, *mean.shape), of var = mean + mean^2 / dispersion.

    Whole units, except the outer two: an interval between whole units holds at least its
    share, often far more where little sells. Those two are interpolated between units, so
    that the interval holds 80 % and not 88 %. They cannot pass their neighbours: where both
    lie on one unit, no more than half of its probability is beyond the outer level.
    """
    levels = LEVELS.reshape(-1, *[1] * mean.ndim)
    chance = dispersion / (dispersion + mean)
    values = stats.nbinom.ppf(levels, dispersion, chance)
    for outer in (0, -1):
        values[outer] = _interpolated(LEVELS[outer], values[outer], dispersion, chance)
    return values


def _interpolated(
    level: float, whole: np.ndarray, dispersion: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Where the level lies when each whole unit's probability is spread over 1, +- 0.5 of it."""
    below, above = (stats.nbinom.cdf(whole - k, dispersion, chance) for k in (1, 0))
    return np.maximum(whole - 0.5 + (level - below) / (above - below), 0.0)


def calibrated_scale(units: np.ndarray, mean: np.ndarray, dispersion: np.ndarray) -> float:
    """The factor on `dispersion` at which the outer two levels hold nearest to their share.

    Of `units`, on forecasts made out of sample. By quantile loss, which hardly moves with the
    factor, a few weeks' luck chooses it.
    """
    held = [metrics.coverage(units, quantiles(mean, dispersion * scale)) for scale in SCALES]
    return float(SCALES[int(np.argmin(np.abs(np.array(held) - SHARE)))])
