"""Bundle: the product cheaper in a basket that also holds its closest partner."""

import numpy as np

from ml.config.assumptions import Assumptions
from ml.config.mechanics import BundlePolicy
from ml.promotions.mechanics.deal import Companion, Deal, Shop, price_cut
from ml.promotions.mechanics.price_ladder import Ending, prices_on_ladder

MECHANIC = "bundle"


def deals(shop: Shop, terms: BundlePolicy, assumptions: Assumptions, ending: Ending) -> list[Deal]:
    """Baskets that hold both anyway get the product cheaper.

    Of the others, `attach_share` add the partner at its regular price.
    """
    prior, habits = assumptions.mechanics.bundle, shop.habits
    regular, partner = shop.regular_price, habits.partner
    ids = shop.product_id
    prices = prices_on_ladder(regular, np.sort(np.array(terms.depths)), ending)
    partner_margin = (regular - shop.unit_cost)[partner]
    return [
        price_cut(
            MECHANIC,
            regular,
            np.where(partner >= 0, price, np.nan),
            terms={"bundle_id": ids + "+" + ids[partner], "bundle_product_id": ids[partner]},
            share=prior.redemption_share * habits.together,
            joining=prior.attach_share * (1 - habits.together),
            aside=partner_margin / habits.units,
            priors=("mechanics.bundle",),
            companion=Companion(partner, 1 / habits.units),
        )
        for price in prices.T
    ]
