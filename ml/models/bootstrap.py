"""How sure a comparison of two methods on the same cases is: a paired bootstrap."""

import numpy as np
from scipy import stats

CONFIDENCE = 0.9
RESAMPLES = 2000
BATCH = 100


def paired_ratio(ours: np.ndarray, theirs: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Ratio of the sums of two paired samples, with its bootstrap interval's ends."""

    def ratio(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(a.sum(axis=axis) / b.sum(axis=axis))

    interval = stats.bootstrap(
        (ours, theirs),
        ratio,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=seed,
    ).confidence_interval
    return float(ours.sum() / theirs.sum()), float(interval.low), float(interval.high)
