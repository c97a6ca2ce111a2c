"""Flash sale: a deep price for some hours of one day, while a limited quantity lasts."""

import numpy as np
import pandas as pd

from ml.config.assumptions import Assumptions
from ml.config.mechanics import FlashPolicy
from ml.promotions.mechanics.deal import Deal, Shop, price_cut
from ml.promotions.mechanics.price_ladder import Ending, prices_on_ladder

MECHANIC = "flash"


def deals(shop: Shop, terms: FlashPolicy, assumptions: Assumptions, ending: Ending) -> list[Deal]:
    """Who shops in those hours anyway responds to the price.

    The weekday's share of baskets is observed, its hours' share of the day is a prior. Of the
    rest of the week, `shifted_share` wait for the flash and pay less for what they would have
    bought anyway.
    """
    prior, regular = assumptions.mechanics.flash, shop.regular_price
    there = shop.habits.weekdays[terms.weekday - 1] * prior.share_of_day
    prices = prices_on_ladder(regular, np.sort(np.array(terms.depths)), ending)
    return [
        price_cut(
            MECHANIC,
            regular,
            price,
            share=np.full(len(regular), there),
            joining=np.full(len(regular), prior.shifted_share * (1 - there)),
            priors=("mechanics.flash",),
            opens=pd.Timedelta(days=terms.weekday - 1, hours=terms.from_hour),
            lasts=pd.Timedelta(hours=terms.to_hour - terms.from_hour),
        )
        for price in prices.T
    ]
