"""The discount a product would have had in a week in which none of it was sold.

A price is seen only when something sells, and whatever fills the other weeks must not give them
away. A price carried forward never moves, a mean lies between the steps of the price ladder:
either tells a model that nothing sold. So an unsold week gets the depth of a week that did
sell, earlier and with the same support (hot-deck imputation: Andridge and Little, "A Review of
Hot Deck Imputation for Survey Non-response", International Statistical Review 78, 2010).
"""

from collections import defaultdict

import numpy as np

MAILED, DISPLAYED = 0.5, 0.1  # shares of stores


def regular_moves(regular_price: np.ndarray, started: np.ndarray) -> np.ndarray:
    """(N, W) log of the regular price over that of the product's first sale, at most 1 off."""
    first = np.argmax(started, axis=1)[:, None]
    base = np.take_along_axis(regular_price, first, axis=1)
    return np.nan_to_num(np.clip(np.log(regular_price / base), -1.0, 1.0))


def filled_depths(
    depth: np.ndarray, display: np.ndarray, mailer: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """`depth` (N, W) with its NaN, the unsold weeks, replaced by an earlier week's.

    Each is that of a week in which the product sold with the same support; where there is none,
    in which a product of its group did; else, and before a product's first sale, 0. Weeks take
    such depths in turn. Display and mailer are shares of stores (N, W); `groups`
    (N,) are whole numbers. Only earlier weeks are read.
    """
    support = ((mailer >= MAILED) + 2 * (display >= DISPLAYED)).tolist()
    group = groups.tolist()
    own: dict[tuple[int, int], list[float]] = defaultdict(list)
    shared: dict[tuple[int, int], list[float]] = defaultdict(list)
    sold, started = ~np.isnan(depth), np.zeros(len(depth), bool)
    filled = np.where(sold, depth, 0.0)
    for week in range(depth.shape[1]):
        for row in np.flatnonzero(started & ~sold[:, week]).tolist():
            kind = support[row][week]
            donors = own[row, kind] or shared[group[row], kind] or [0.0]
            filled[row, week] = donors[week % len(donors)]
        for row in np.flatnonzero(sold[:, week]).tolist():
            kind = support[row][week]
            own[row, kind].append(depth[row, week])
            shared[group[row], kind].append(depth[row, week])
        started |= sold[:, week]
    return filled
