"""Negative binomial demand met from a stock. Every function works elementwise on arrays.

`mean` mu >= 0 and `dispersion` r > 0 give the variance mu + mu^2 / r; r = inf is Poisson.
Stocks are whole items: a fraction of an item cannot be sold.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, betaln, gammaincc, gammainccinv, gammaln, xlogy
from scipy.stats import nbinom, poisson

from ml.arrays import Floats


def coverage(stock: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """P(demand <= stock); 0 below an empty stock."""
    whole, mu, r = np.broadcast_arrays(np.floor(stock), mean, dispersion)
    sold, poisson_ = whole >= 0, np.isinf(r)
    probability = np.zeros(whole.shape)
    betainc(r, whole + 1, 1 / (1 + mu / r), out=probability, where=sold & ~poisson_)
    gammaincc(whole + 1, mu, out=probability, where=sold & poisson_)
    return probability


def max_mean_demand(share: float, stock: ArrayLike, dispersion: ArrayLike) -> Floats:
    """The largest mean demand that the stock covers with probability `share`."""
    whole, r = np.broadcast_arrays(np.floor(stock), np.asarray(dispersion, float))
    held = np.maximum(whole, 0.0)
    finite = np.where(np.isinf(r), 1.0, r)
    odds = betaincinv(finite, held + 1, share)
    mean = np.where(np.isinf(r), gammainccinv(held + 1, share), finite * (1 - odds) / odds)
    return np.where(whole < 0, 0.0, mean)


def expected_sales(stock: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """E[min(demand, stock)], items.

    From E[D; D <= S] = mu (P(D <= S) - (1 + S / r) P(D = S)).
    """
    whole, mu, r = np.floor(stock), np.asarray(mean, float), np.asarray(dispersion, float)
    held = np.maximum(whole, 0.0)
    met = coverage(held, mu, r)
    sold = held - (held - mu) * met - mu * _last_item(held, mu, r)
    return np.where(whole > 0, sold, np.minimum(whole, 0.0))


def _last_item(stock: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """(1 + S / r) P(demand = S)."""
    poisson_ = np.isinf(dispersion)
    r = np.where(poisson_, 1.0, dispersion)
    ways = np.where(poisson_, -gammaln(stock + 1), -betaln(r, stock + 1) - np.log(r))
    none = np.where(poisson_, mean, r * np.log1p(mean / r))
    return np.exp(ways - none + xlogy(stock, mean / np.where(poisson_, 1.0, r + mean)))


def quantile(share: float, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """The least whole number of items that covers demand with probability `share`."""
    mu, r = np.broadcast_arrays(np.asarray(mean, float), np.asarray(dispersion, float))
    finite = np.where(np.isinf(r), 1.0, r)
    mixed = nbinom.ppf(share, finite, finite / (finite + mu))
    return np.where(np.isinf(r), poisson.ppf(share, mu), mixed)
