"""How much to stock: the newsvendor's quantity and the base-stock level."""

import numpy as np
from numpy.typing import ArrayLike

from ml.arrays import Floats
from ml.inventory.distribution import quantile


def newsvendor(mean: ArrayLike, variance: ArrayLike, critical_ratio: float) -> Floats:
    """The least whole stock that covers demand with probability `critical_ratio`.

    Demand is negative binomial with these moments, or Poisson where the variance does not
    exceed the mean. `critical_ratio` = underage / (underage + overage cost), or the wanted
    service level (Snyder and Shen, "Fundamentals of Supply Chain Theory", 2019, ch. 4).
    """
    mu, spread = np.broadcast_arrays(np.asarray(mean, float), np.asarray(variance, float))
    excess = spread - mu
    size = np.where(excess > 0, mu**2 / np.where(excess > 0, excess, 1.0), np.inf)
    return np.where(mu > 0, quantile(critical_ratio, mu, np.where(size > 0, size, 1.0)), 0.0)


def base_stock(
    weekly_mean: ArrayLike,
    weekly_variance: ArrayLike,
    review_weeks: int,
    lead_time_weeks: ArrayLike,
    service_level: float,
) -> Floats:
    """The order-up-to level of a periodic review: demand over review + lead time is covered.

    Weekly demands are taken as independent, so that means and variances add.
    """
    weeks = review_weeks + np.asarray(lead_time_weeks, float)
    mean = np.asarray(weekly_mean, float) * weeks
    return newsvendor(mean, np.asarray(weekly_variance, float) * weeks, service_level)
