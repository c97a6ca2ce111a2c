"""Buy N, get M more free or cheaper, in the same basket."""

import numpy as np

from ml.config.assumptions import Assumptions
from ml.config.mechanics import BuyGetPolicy, BuyGetTerms
from ml.contracts.dbt_vars import UNITS_HISTOGRAM_MAX
from ml.promotions.mechanics.deal import Deal, Shop, price_cut, ratio

MECHANIC = "buy_get"


def deals(shop: Shop, terms: BuyGetPolicy, assumptions: Assumptions) -> list[Deal]:
    return [_deal(shop, each, assumptions) for each in terms.offers]


def _deal(shop: Shop, terms: BuyGetTerms, assumptions: Assumptions) -> Deal:
    """Baskets that hold N + M or more when the price is down take the deal.

    They get M in N + M cheaper on every whole set. Of those that hold N or more but no set,
    `step_up_share` fill the set; what they buy beyond their need is stockpiled, and missing
    from later sales at the regular margin.
    """
    prior, pulled = assumptions.mechanics.buy_get, assumptions.displacement.pull_forward.share
    regular, held = shop.regular_price, np.arange(1, UNITS_HISTOGRAM_MAX + 1)
    a_set = terms.buy + terms.get
    price = regular * (1 - terms.depth * terms.get / a_set)
    units = shop.habits.quantities * held
    full, near = held >= a_set, (held >= terms.buy) & (held < a_set)
    in_full, in_near = units[:, full].sum(axis=1), units[:, near].sum(axis=1)
    in_sets = shop.habits.quantities[:, full] @ (held[full] // a_set * a_set)
    sets = a_set * shop.habits.quantities[:, near].sum(axis=1)
    bought = ratio(sets, in_near)
    stockpiled = (prior.stockpiled_share - pulled) * (bought - 1) * (regular - shop.unit_cost)
    return price_cut(
        MECHANIC,
        regular,
        price,
        terms={"buy_qty": terms.buy, "get_qty": terms.get, "get_depth": terms.depth},
        share=prior.redemption_share * in_full / shop.habits.units,
        discounted=ratio(in_sets, in_full),
        joining=prior.step_up_share * in_near / shop.habits.units,
        bought=bought,
        aside=-stockpiled,
        priors=("mechanics.buy_get",),
    )
