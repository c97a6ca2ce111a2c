"""Gift with purchase: the closest partner, free with N of the product."""

import numpy as np

from ml.config.assumptions import Assumptions
from ml.config.mechanics import GiftPolicy
from ml.contracts.dbt_vars import UNITS_HISTOGRAM_MAX
from ml.promotions.mechanics.deal import Companion, Deal, Shop, price_cut, ratio

MECHANIC = "gift"


def deals(shop: Shop, terms: GiftPolicy, assumptions: Assumptions) -> list[Deal]:
    return [_deal(shop, buy, assumptions) for buy in terms.buy]


def _deal(shop: Shop, buy: int, assumptions: Assumptions) -> Deal:
    """A gift costs its unit cost, and its margin where it would have been bought.

    Baskets with N or more take one gift for every N. It is felt as a price cut of
    `felt_share` of the gift's regular price; no data say how much.
    """
    prior, habits, regular = assumptions.mechanics.gift, shop.habits, shop.regular_price
    partner, held = habits.partner, np.arange(1, UNITS_HISTOGRAM_MAX + 1)
    value, unit_cost = regular[partner], shop.unit_cost[partner]
    given = unit_cost + habits.together * (value - unit_cost)
    full = held >= buy
    in_full = (habits.quantities * held)[:, full].sum(axis=1)
    in_sets = habits.quantities[:, full] @ (held[full] // buy * buy)
    felt = prior.felt_share * value / (buy * regular)
    price = regular - given / buy
    possible = (partner >= 0) & (price > 0) & (felt < 1)
    return price_cut(
        MECHANIC,
        regular,
        np.where(possible, price, np.nan),
        terms={
            "buy_qty": buy,
            "get_qty": 1,
            "gift_product_id": shop.product_id[partner],
        },
        felt=np.where(possible, felt, np.nan),
        share=prior.redemption_share * in_full / habits.units,
        discounted=ratio(in_sets, in_full),
        funded=False,
        felt_is_prior=True,
        priors=("mechanics.gift",),
        companion=Companion(partner, np.full(len(regular), 1 / buy)),
    )
