"""What a product's groups do, week by week: what its rivals plan and how their sales move."""

import numpy as np
import pandas as pd

TREND_WEEKS = 8


def numbered(labels: pd.Series) -> np.ndarray:
    """(N,) whole numbers from 0 of the groups, in the order of their names."""
    return pd.factorize(labels, sort=True)[0]


def others_mean(values: np.ndarray, present: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean of `values` (N, W) over the group's other products `present`; 0 where there are none."""
    there = present.astype(float)
    total, count = summed(values * there, groups), summed(there, groups)
    return (total - values * there) / np.maximum(count - there, 1.0)


def trend(units: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(N, W) log of the group's units in each week over their mean in the weeks before it."""
    total = summed(units, groups)
    before = np.pad(np.cumsum(total, axis=1), [(0, 0), (1, 0)])
    week = np.arange(units.shape[1])
    first = np.maximum(week - TREND_WEEKS, 0)
    mean = (before[:, week] - before[:, first]) / np.maximum(week - first, 1)
    mean[:, 0] = total[:, 0]
    return np.log((total + 1) / (mean + 1))


def summed(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(N, W) each group's sum, in the rows of its products."""
    total = np.zeros((groups.max() + 1, values.shape[1]))
    np.add.at(total, groups, values)
    return total[groups]
