"""The discount a product would have had in a week in which none of it was sold.

A price is seen only when something sells. Carrying the last one forward tells a model that a
week without a new price is a week without sales; the plan for that week would have told it
nothing of the kind. So unsold weeks get the depth the product last had with the same support. A
mean of such depths would give them away too: it lies between the depths that are ever asked, and a
planned depth of 5 % then said that nothing would be sold, in half of the cases rightly.
"""

import numpy as np

STATES = 4  # with or without the mailer, with or without a display
MAILED, DISPLAYED = 0.5, 0.1  # shares of stores
CATEGORY_WEEKS = 5.0  # weight of all products' usual depth in that of a category


def filled_depths(
    depth: np.ndarray, display: np.ndarray, mailer: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """`depth` (N, W) with its NaN, the unsold weeks, replaced by the last depth before them.

    Last is that of the product's latest earlier week sold with the same support; where there is
    none, the mean of its group's, shrunk to that of all products. Display and mailer are shares of
    stores (N, W); `groups` (N,) are whole numbers from 0. Only earlier weeks are read.
    """
    state = (mailer >= MAILED) + 2 * (display >= DISPLAYED)
    rows = np.arange(len(depth))
    last = np.full((len(depth), STATES), np.nan)
    total, count = np.zeros_like(last), np.zeros_like(last)
    made = depth.copy()
    for week in range(depth.shape[1]):
        now, unsold = state[:, week], np.isnan(depth[:, week])
        known = np.where(np.isnan(last), _usual(total, count, groups), last)[rows, now]
        made[unsold, week] = known[unsold]
        last[rows, now] = np.where(unsold, last[rows, now], depth[:, week])
        total[rows, now] += np.where(unsold, 0.0, depth[:, week])
        count[rows, now] += ~unsold
    return made


def _usual(total: np.ndarray, count: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(N, STATES) mean depth of each product's group, from sums and numbers of weeks."""
    everywhere = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    sums = np.zeros((2, groups.max() + 1, total.shape[1]))
    np.add.at(sums[0], groups, total)
    np.add.at(sums[1], groups, count)
    return ((sums[0] + CATEGORY_WEEKS * everywhere) / (sums[1] + CATEGORY_WEEKS))[groups]
