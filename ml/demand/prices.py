"""The discount a product would have had in a week in which none of it was sold.

A price is seen only when something sells. Carrying the last one forward tells a model that a
week without a new price is a week without sales; the plan for that week would have told it
nothing of the kind. So unsold weeks get the depth usual for the support they had.
"""

import numpy as np

STATES = 4  # with or without the mailer, with or without a display
MAILED, DISPLAYED = 0.5, 0.1  # shares of stores
OWN_WEEKS = 2.0  # weight of the category's usual depth, in weeks of the product's own
CATEGORY_WEEKS = 5.0  # and of all products' in that of the category


def filled_depths(
    depth: np.ndarray, display: np.ndarray, mailer: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """`depth` (N, W) with its NaN, the unsold weeks, replaced by what was usual before them.

    Usual is the mean over earlier weeks sold with the same support: the product's own, shrunk
    to its group's, shrunk to that of all products. Display and mailer are shares of stores
    (N, W); `groups` (N,) are whole numbers from 0. Only earlier weeks are read.
    """
    state = (mailer >= MAILED) + 2 * (display >= DISPLAYED)
    rows = np.arange(len(depth))
    total, count = np.zeros((len(depth), STATES)), np.zeros((len(depth), STATES))
    made = depth.copy()
    for week in range(depth.shape[1]):
        now, unsold = state[:, week], np.isnan(depth[:, week])
        usual = _usual(total, count, groups)[rows, now]
        made[unsold, week] = usual[unsold]
        total[rows, now] += np.where(unsold, 0.0, depth[:, week])
        count[rows, now] += ~unsold
    return made


def _usual(total: np.ndarray, count: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(N, STATES) mean depth of each product, from sums and numbers of weeks."""
    everywhere = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    sums = np.zeros((2, groups.max() + 1, total.shape[1]))
    np.add.at(sums[0], groups, total)
    np.add.at(sums[1], groups, count)
    group = (sums[0] + CATEGORY_WEEKS * everywhere) / (sums[1] + CATEGORY_WEEKS)
    return (total + OWN_WEEKS * group[groups]) / (count + OWN_WEEKS)
