"""Negative binomial demand met from a stock. Every function works elementwise on arrays.

`mean` mu >= 0 and `dispersion` r > 0 give the variance mu + mu^2 / r; r = inf is Poisson.
Stocks are whole items: a fraction of an item cannot be sold.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, gammaincc, gammainccinv
from scipy.stats import nbinom, poisson

Floats = NDArray[np.float64]


def coverage(stock: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """P(demand <= stock); 0 below an empty stock."""
    whole, mu, r = np.broadcast_arrays(np.floor(stock), mean, dispersion)
    held = np.maximum(whole, 0.0)
    finite = np.where(np.isinf(r), 1.0, r)
    mixed = betainc(finite, held + 1, finite / (finite + mu))
    return np.where(whole < 0, 0.0, np.where(np.isinf(r), gammaincc(held + 1, mu), mixed))


def most_demand(share: float, stock: ArrayLike, dispersion: ArrayLike) -> Floats:
    """The largest mean demand that the stock covers with probability `share`."""
    whole, r = np.broadcast_arrays(np.floor(stock), np.asarray(dispersion, float))
    held = np.maximum(whole, 0.0)
    finite = np.where(np.isinf(r), 1.0, r)
    odds = betaincinv(finite, held + 1, share)
    mean = np.where(np.isinf(r), gammainccinv(held + 1, share), finite * (1 - odds) / odds)
    return np.where(whole < 0, 0.0, mean)


def expected_sales(stock: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """E[min(demand, stock)], items.

    From E[D; D <= S] = mu P(D' <= S - 1) where D' has size r + 1 and the same odds
    (Poisson: D' = D).
    """
    whole, mu, r = np.broadcast_arrays(np.floor(stock), mean, dispersion)
    tilted = np.where(np.isinf(r), mu, mu * (1 + 1 / r))
    met = mu * coverage(whole - 1, tilted, r + 1)
    return met + whole * (1 - coverage(whole, mu, r))


def quantile(share: float, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """The least whole number of items that covers demand with probability `share`."""
    mu, r = np.broadcast_arrays(np.asarray(mean, float), np.asarray(dispersion, float))
    finite = np.where(np.isinf(r), 1.0, r)
    mixed = nbinom.ppf(share, finite, finite / (finite + mu))
    return np.where(np.isinf(r), poisson.ppf(share, mu), mixed)
