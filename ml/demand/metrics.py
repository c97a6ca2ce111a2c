"""How wrong a forecast was. Arrays: units and mean (N, H); quantiles (9, N, H).

WAPE and bias weigh each unit alike; MASE and RMSSE each product, in units of its own
one-step naive error in sample; wQL is the mean over levels of 2 * pinball / sum(units).
`sold` variants count only the product-weeks with sales, of errors and of units alike.
"""

import numpy as np

from ml.contracts.outputs import QUANTILES

LEVELS = np.array(QUANTILES)


def wape(units: np.ndarray, mean: np.ndarray) -> float:
    return float(np.abs(units - mean).sum() / units.sum())


def wape_sold(units: np.ndarray, mean: np.ndarray) -> float:
    return wape(units[units > 0], mean[units > 0])


def bias(units: np.ndarray, mean: np.ndarray) -> float:
    return float((mean - units).sum() / units.sum())


def quantile_losses(units: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Twice the pinball loss, averaged over the levels: the shape of `units`."""
    levels = LEVELS.reshape(-1, *[1] * units.ndim)
    short = units - quantiles
    return 2 * np.maximum(levels * short, (levels - 1) * short).mean(axis=0)


def weighted_quantile_loss(units: np.ndarray, quantiles: np.ndarray) -> float:
    return float(quantile_losses(units, quantiles).sum() / units.sum())


def weighted_quantile_loss_sold(units: np.ndarray, quantiles: np.ndarray) -> float:
    return weighted_quantile_loss(units[units > 0], quantiles[:, units > 0])


def coverage(units: np.ndarray, quantiles: np.ndarray) -> float:
    """Share of units from the lowest to the highest quantile, both included."""
    return float(np.mean((units >= quantiles[0]) & (units <= quantiles[-1])))


def naive_scale(past: np.ndarray, started: np.ndarray, power: int) -> np.ndarray:
    """Each series' mean absolute (1) or squared (2) one-step naive error; NaN when unknown."""
    both = started[:, 1:] & started[:, :-1]
    errors = np.abs(np.diff(past, axis=1)) ** power * both
    count = both.sum(axis=1)
    return np.where(errors.sum(axis=1) > 0, errors.sum(axis=1) / np.maximum(count, 1), np.nan)


def mase(units: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> float:
    """Mean over products of mean absolute error / `naive_scale` of power 1."""
    return float(np.nanmean(np.abs(units - mean).mean(axis=1) / scale))


def rmsse(units: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> float:
    """Mean over products of the root of mean squared error / `naive_scale` of power 2."""
    return float(np.nanmean(np.sqrt(((units - mean) ** 2).mean(axis=1) / scale)))
