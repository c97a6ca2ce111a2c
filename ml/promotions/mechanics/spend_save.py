"""Spend X on the whole basket, save Y on the product in it."""

import numpy as np

from ml.config.assumptions import Assumptions
from ml.config.mechanics import SpendSavePolicy, SpendSaveTerms
from ml.contracts.dbt_vars import SALES_HISTOGRAM_STEP
from ml.promotions.mechanics.deal import Deal, Shop, price_cut, ratio

MECHANIC = "spend_save"


def deals(shop: Shop, terms: SpendSavePolicy, assumptions: Assumptions) -> list[Deal]:
    return [_deal(shop, each, assumptions) for each in terms.offers]


def _deal(shop: Shop, terms: SpendSaveTerms, assumptions: Assumptions) -> Deal:
    """Baskets that come to X anyway save Y; to the product's units that is a price cut.

    Of the baskets within `reach` below X, `top_up_share` are filled up with other products at
    the shop's usual margin. Y must be less than what the basket's units of the product cost.
    """
    prior, margin = assumptions.mechanics.spend_save, assumptions.margin_by_department["default"]
    regular, spend = shop.regular_price, shop.habits.spend
    middle = SALES_HISTOGRAM_STEP * (np.arange(spend.shape[1]) + 0.5)
    near = (middle >= (1 - prior.reach) * terms.spend) & (middle < terms.spend)
    price = regular - terms.save / shop.habits.units
    missing = spend[:, near] @ (terms.spend - middle[near])
    in_reach = spend[:, near].sum(axis=1)
    return price_cut(
        MECHANIC,
        regular,
        np.where(price > 0, price, np.nan),
        terms={"threshold_amount": terms.spend, "discount_amount": terms.save},
        share=prior.redemption_share * spend[:, middle >= terms.spend].sum(axis=1),
        joining=prior.top_up_share * in_reach,
        aside=margin * ratio(missing, in_reach) / shop.habits.units,
        funded=False,
        priors=("mechanics.spend_save",),
    )
