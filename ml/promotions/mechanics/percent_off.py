"""Percent off: every unit at a lower price, on the price ladder."""

import numpy as np

from ml.config.mechanics import PercentOffPolicy
from ml.promotions.mechanics.deal import Deal, Shop, price_cut
from ml.promotions.mechanics.price_ladder import Ending, prices_on_ladder

MECHANIC = "percent_off"


def deals(shop: Shop, terms: PercentOffPolicy, ending: Ending) -> list[Deal]:
    """One deal a depth, the shallowest first."""
    regular = shop.regular_price
    prices = prices_on_ladder(regular, np.sort(np.array(terms.depths)), ending)
    return [price_cut(MECHANIC, regular, price) for price in prices.T]
