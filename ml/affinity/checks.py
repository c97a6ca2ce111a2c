"""What a trained ranker must never do: leave 0 to 1, or grow too large or too slow."""

import time

import numpy as np

from ml.affinity.ranker import Ranker
from ml.affinity.store import Serving

EXTREMES = np.array([-1e6, 0.0, 1e6, np.nan], np.float32)
FEW = 50  # rows whose signals are made extreme
MANY = 100_000  # rows that are timed


def checks(serving: Serving, signals: np.ndarray) -> dict[str, float]:
    """What the gates read of a ranker, on the signals of some candidates."""
    return {
        "extreme_outside": float(outside(serving.ranker, signals)),
        "size_mb": size_mb(serving),
        "seconds_per_million": seconds_per_million(serving.ranker, signals),
    }


def outside(ranker: Ranker, signals: np.ndarray) -> int:
    """Propensities that are no number from 0 to 1 when a signal, or all, is absurd or unknown."""
    broken = 0
    columns = range(signals.shape[1])
    for some in (*([one] for one in columns), list(columns)):
        absurd = np.repeat(signals[:FEW], len(EXTREMES), axis=0)
        absurd[:, some] = np.resize(EXTREMES, len(absurd))[:, None]
        propensities = ranker.predict(absurd)
        broken += int((~((propensities >= 0) & (propensities <= 1))).sum())
    return broken


def seconds_per_million(ranker: Ranker, signals: np.ndarray) -> float:
    """Seconds of a million candidates' propensities on one core of this machine."""
    started = time.perf_counter()
    ranker.predict(signals[:MANY])
    return 1e6 * (time.perf_counter() - started) / len(signals[:MANY])


def size_mb(serving: Serving) -> float:
    """Megabytes that serving holds: trees and curves as text, item-item weights."""
    ranker, weights = serving.ranker, serving.item_item.weights
    texts = sum(len(text) for text in (ranker.text, ranker.own.text, ranker.new.text))
    return (texts + weights.data.nbytes + weights.indices.nbytes) / 1e6
