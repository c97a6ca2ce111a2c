"""The price ladder: promotional prices that end as the policy says."""

import numpy as np

from ml.arrays import Floats

FARTHEST = 0.05


Ending = float | list[float]  # what the prices of the ladder end in; a list: in any of these


def prices_on_ladder(regular: Floats, asked: Floats, ending: Ending) -> Floats:
    """Promo prices (products, depths) for the `asked` depths, in rising order.

    nan where the ladder has no price within FARTHEST of the asked depth, or only one that a
    nearer depth already takes.
    """
    ladder = ladder_price(regular[:, None] * (1 - asked), ending)
    depth = 1 - ladder / regular[:, None]
    off = np.abs(depth - asked)
    taken = [_nearer_twin(ladder, off, column) for column in range(len(asked))]
    usable = (ladder > 0) & (depth > 0) & (off <= FARTHEST) & ~np.stack(taken, axis=1)
    return np.where(usable, ladder, np.nan)


def ladder_price(price: Floats, ending: Ending) -> Floats:
    """The price nearest to `price` that ends in `ending`: 3.42 with .09 is 3.39.

    Endings below ten cents repeat every ten cents, others every whole unit. The lower of two
    prices equally near.
    """
    endings = sorted(ending) if isinstance(ending, list) else [ending]
    prices = np.stack([_ending_in(price, end) for end in endings])
    off = np.round(np.abs(prices - price), 6)
    nearest = np.where(off == off.min(axis=0), prices, np.inf).min(axis=0)
    return np.asarray(nearest)


def _ending_in(price: Floats, ending: float) -> Floats:
    cents, end = np.round(price * 100, 6), round(ending * 100)
    step = 10 if end < 10 else 100
    return (np.floor((cents - end) / step + 0.5) * step + end) / 100


def _nearer_twin(ladder: Floats, off: Floats, column: int) -> np.ndarray:
    """Whether another depth has the same ladder price and is nearer to it (ties: shallower)."""
    same = np.isclose(ladder, ladder[:, [column]])
    order = np.arange(ladder.shape[1])
    nearer = (off < off[:, [column]] - 1e-9) | (
        (np.abs(off - off[:, [column]]) <= 1e-9) & (order < column)
    )
    return np.asarray((same & nearer).any(axis=1))
