"""Percent off: every unit at a lower price, on the price ladder."""

import numpy as np

from ml.inventory.distribution import Floats
from ml.promotions.mechanics.offer import Offer, Shop, price_cut
from ml.promotions.mechanics.terms import PercentOff

MECHANIC = "percent_off"
FARTHEST = 0.05


def offers(shop: Shop, terms: PercentOff, ending: float) -> list[Offer]:
    """One offer a depth, the shallowest first."""
    regular = shop.regular_price
    prices = prices_on_ladder(regular, np.sort(np.array(terms.depths)), ending)
    return [price_cut(MECHANIC, regular, price) for price in prices.T]


def prices_on_ladder(regular: Floats, asked: Floats, ending: float) -> Floats:
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


def ladder_price(price: Floats, ending: float) -> Floats:
    """The price nearest to `price` that ends in `ending`: 3.42 with .09 is 3.39.

    Endings below ten cents repeat every ten cents, others every whole unit.
    """
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
