"""How wrong a forecast was. Arrays: units and mean (N, H); quantiles (9, N, H).

WAPE and bias weigh each unit alike; MASE and RMSSE each product, in units of its own
one-step naive error in sample; wQL is the mean over levels of 2 * pinball / sum(units).
The mean errs least in squares, the median in absolute error: `wape_median` is the median's WAPE.
`sold` variants count only the product-weeks with sales, of errors and of units alike. Units that
are NaN are not known: nothing counts there.
"""

import numpy as np

from ml.contracts.outputs import QUANTILES

LEVELS = np.array(QUANTILES)
MEDIAN = QUANTILES.index(0.5)


def wape(units: np.ndarray, mean: np.ndarray) -> float:
    return float(np.nansum(np.abs(units - mean)) / np.nansum(units))


def wape_median(units: np.ndarray, quantiles: np.ndarray) -> float:
    return wape(units, quantiles[MEDIAN])


def wape_sold(units: np.ndarray, mean: np.ndarray) -> float:
    return wape(units[units > 0], mean[units > 0])


def bias(units: np.ndarray, mean: np.ndarray) -> float:
    return float(np.nansum(mean - units) / np.nansum(units))


def quantile_losses(units: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Twice the pinball loss, averaged over the levels: the shape of `units`."""
    levels = LEVELS.reshape(-1, *[1] * units.ndim)
    short = units - quantiles
    return 2 * np.maximum(levels * short, (levels - 1) * short).mean(axis=0)


def weighted_quantile_loss(units: np.ndarray, quantiles: np.ndarray) -> float:
    return float(np.nansum(quantile_losses(units, quantiles)) / np.nansum(units))


def weighted_quantile_loss_sold(units: np.ndarray, quantiles: np.ndarray) -> float:
    return weighted_quantile_loss(units[units > 0], quantiles[:, units > 0])


def coverage(units: np.ndarray, quantiles: np.ndarray) -> float:
    """Share of units from the lowest to the highest quantile, both included."""
    inside = (units >= quantiles[0]) & (units <= quantiles[-1])
    return float(np.mean(inside[np.isfinite(units)]))


def naive_scale(past: np.ndarray, is_demand: np.ndarray, power: int) -> np.ndarray:
    """Each series' mean absolute (1) or squared (2) one-step naive error; NaN when unknown."""
    both = is_demand[:, 1:] & is_demand[:, :-1]
    errors = np.where(both, np.abs(np.diff(past, axis=1)) ** power, 0.0)
    count = both.sum(axis=1)
    return np.where(errors.sum(axis=1) > 0, errors.sum(axis=1) / np.maximum(count, 1), np.nan)


def mase(units: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> float:
    """Mean over products of mean absolute error / `naive_scale` of power 1."""
    return float(np.nanmean(_mean(np.abs(units - mean)) / scale))


def rmsse(units: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> float:
    """Mean over products of the root of mean squared error / `naive_scale` of power 2."""
    return float(np.nanmean(np.sqrt(_mean((units - mean) ** 2) / scale)))


def _mean(errors: np.ndarray) -> np.ndarray:
    """(N,) over each product's known weeks; NaN where none is."""
    judged = np.isfinite(errors)
    count = judged.sum(axis=1)
    total = np.where(judged, errors, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
