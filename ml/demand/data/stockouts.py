"""What would have sold in weeks in which a product ran out, of which sales are a part.

Left out, such weeks take the best-selling ones with them; taken as they are, they teach that
nobody wanted more. Either way forecasts come out low, and the next order with them.
"""

import numpy as np
from scipy import special

USUAL = (-1.6, -0.9, 0.8, 0.3)  # log effects in the order of `windows.EFFECTS`, before any data
SIZE = 4.0  # of the negative binomial about past weeks' level: likeliest of slow and fast sellers
LEVEL_WEEKS = 13  # that a product's level is taken over: a quarter, of every weekday alike
SMOOTHING = 0.5  # units and weeks added to a level
LEAST_CHANCE = 1e-12


def unconstrained(
    sold: np.ndarray, in_stock: np.ndarray, started: np.ndarray, effects: np.ndarray
) -> np.ndarray:
    """(N, W) units; where a product ran out, those expected given that at least so many sold.

    Expected of a week is the level of the weeks before it, estimates among them, with the usual
    effects of its price, display and mailer: nothing of later weeks is read. Source: Agrawal and
    Smith, "Estimating Negative Binomial Demand for Retail Inventory Management with Unobservable
    Lost Sales", Naval Research Logistics 43 (1996), with a mean that moves and a fixed size.

    Args:
        sold: (N, W) units; 0 before a product's first sale.
        in_stock: (N, W) False where it ran out on some day.
        started: (N, W) False before its first sale.
        effects: (N, W, 4) in the order of `windows.EFFECTS`.
    """
    out = started & ~in_stock
    if not out.any():
        return sold
    lift = np.exp(effects @ np.array(USUAL)) * started
    units = sold.astype(float)
    for week in np.flatnonzero(out.any(axis=0)):
        rows, before = out[:, week], slice(max(0, week - LEVEL_WEEKS), week)
        total, usual = (each[rows, before].sum(axis=1) + SMOOTHING for each in (units, lift))
        units[rows, week] = expected_from(sold[rows, week], total / usual * lift[rows, week])
    return units


def expected_from(least: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """E[D | D >= least] of negative binomial units of such a mean and of `SIZE`, never less.

    By E[D; D >= k] = mean * P(D' >= k - 1), where D' has the same odds and a size one larger.
    """
    chance = mean / (mean + SIZE)
    tail, shifted = (_tail(least - k, SIZE + k, chance) for k in (0, 1))
    likely = tail > LEAST_CHANCE
    far = least * (1 + 1 / SIZE)  # of a sum of exponential tails, roughly
    return np.maximum(np.where(likely, mean * shifted / np.where(likely, tail, 1.0), far), least)


def _tail(least: np.ndarray, size: float, chance: np.ndarray) -> np.ndarray:
    """P(D >= least) of negative binomial units."""
    chance_of_least = special.betainc(np.maximum(least, 1.0), size, chance)
    return np.where(least < 1, 1.0, chance_of_least)
