"""How sure a difference between two methods is, when the products are a sample."""

from dataclasses import dataclass

import numpy as np

DRAWS = 2000
TAILS = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Difference:
    """Ours less theirs and its 95 % interval: below 0, ours is better."""

    estimate: float
    low: float
    high: float


def paired_difference(
    ours: np.ndarray, theirs: np.ndarray, units: np.ndarray, seed: int
) -> Difference:
    """Difference of two losses per unit, averaged over origins, by a bootstrap of products.

    Args:
        ours: (origins, products) losses summed over the weeks ahead.
        theirs: of the same shape.
        units: (origins, products) what was sold in them.
        seed: of the draws.

    A drawn product brings its losses under both methods and at every origin, so what the
    methods find equally hard cancels. Source: Efron and Tibshirani (1993), "An
    Introduction to the Bootstrap", ch. 13.
    """
    products = units.shape[1]
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(products, np.full(products, 1 / products), size=DRAWS)
    away = ours - theirs
    differences = (drawn @ away.T / (drawn @ units.T)).mean(axis=1)
    estimate = (away.sum(axis=1) / units.sum(axis=1)).mean()
    low, high = np.percentile(differences, TAILS)
    return Difference(float(estimate), float(low), float(high))
