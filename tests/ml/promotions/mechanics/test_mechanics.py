"""Each mechanic's terms against sums done by hand."""

import numpy as np
import pandas as pd
import pytest

from ml.config.assumptions import load_assumptions
from ml.config.mechanics import (
    BundlePolicy,
    BuyGetPolicy,
    BuyGetTerms,
    FlashPolicy,
    GiftPolicy,
    Mechanics,
    PercentOffPolicy,
    SpendSavePolicy,
    SpendSaveTerms,
)
from ml.contracts.dbt_vars import UNITS_HISTOGRAM_MAX
from ml.promotions.mechanics import bundle, buy_get, flash, gift, spend_save
from ml.promotions.mechanics.baskets import Habits
from ml.promotions.mechanics.catalog import make_deals
from ml.promotions.mechanics.deal import Shop

PRIORS = {
    "buy_get": {"redemption_share": 0.8, "step_up_share": 0.5, "stockpiled_share": 0.53},
    "spend_save": {"redemption_share": 0.5, "top_up_share": 0.2, "reach": 0.5},
    "bundle": {"redemption_share": 0.5, "attach_share": 0.1},
    "gift": {"redemption_share": 0.5, "felt_share": 0.5},
    "flash": {"share_of_day": 0.4, "shifted_share": 0.1},
}


def held(**baskets):
    """Shares of baskets by what they hold, `of3=0.2` a fifth of three."""
    shares = np.zeros(UNITS_HISTOGRAM_MAX)
    for name, share in baskets.items():
        shares[int(name.removeprefix("of")) - 1] = share
    return shares


@pytest.fixture
def shop():
    """Tea at 4.00 that costs 3.00, and a cup at 2.00 that costs 1.00 in a fifth of its baskets."""
    spend = np.zeros((2, 41))
    spend[:, [1, 3, 4, 8]] = 0.4, 0.2, 0.1, 0.3  # 5-10, 15-20, 20-25, 40-45
    habits = Habits(
        quantities=np.stack([held(of1=0.5, of2=0.2, of3=0.2, of5=0.1), held(of1=1.0)]),
        spend=spend,
        partner=np.array([1, -1]),
        together=np.array([0.2, 0.0]),
        weekdays=np.full(7, 1 / 7),
    )
    ids = np.array(["tea", "cup"], object)
    return Shop(ids, np.array([4.0, 2.0]), np.array([3.0, 1.0]), habits)


@pytest.fixture
def assumptions():
    assumptions = load_assumptions()
    return assumptions.model_validate(
        assumptions.model_dump()
        | {
            "mechanics": PRIORS,
            "margin_by_department": {"default": 0.3},
            "displacement": {
                name: {"share": 0.33, "sd": 0.1}
                for name in ("pull_forward", "cannibalised", "halo")
            },
        }
    )


def test_buy_two_get_one_is_taken_by_whole_sets_and_filled_up_by_some(shop, assumptions):
    terms = BuyGetPolicy(offers=[BuyGetTerms(buy=2, get=1, depth=0.5)])

    deal = buy_get.deals(shop, terms, assumptions)[0]

    # of .5 + .4 + .6 + .5 = 2 units a basket, 1.1 are in baskets of three or more
    assert deal.share[0] == pytest.approx(0.8 * 1.1 / 2)
    assert deal.discounted[0] == pytest.approx((3 * 0.2 + 3 * 0.1) / 1.1)  # five hold one set
    assert deal.price[0] == pytest.approx(4.0 * (1 - 0.5 / 3))
    assert deal.felt[0] == pytest.approx(0.5 / 3)
    assert deal.joining[0] == pytest.approx(0.5 * 0.4 / 2)  # baskets of two
    assert deal.bought[0] == pytest.approx(1.5)
    # half a unit more for each, a fifth of it missing later beyond the usual pull-forward
    assert deal.aside[0] == pytest.approx(-0.2 * 0.5 * 1.0)
    assert deal.terms == {"buy_qty": 2, "get_qty": 1, "get_depth": 0.5}


def test_a_product_bought_one_by_one_has_no_takers_and_no_joiners(shop, assumptions):
    terms = BuyGetPolicy(offers=[BuyGetTerms(buy=2, get=1, depth=1.0)])

    deal = buy_get.deals(shop, terms, assumptions)[0]

    assert (deal.share[1], deal.joining[1]) == (0.0, 0.0)
    assert np.isfinite([deal.bought[1], deal.aside[1], deal.discounted[1]]).all()


def test_spend_and_save_splits_baskets_at_the_threshold_and_its_reach(shop, assumptions):
    terms = SpendSavePolicy(offers=[SpendSaveTerms(spend=40, save=1)])

    deal = spend_save.deals(shop, terms, assumptions)[0]

    assert deal.share[0] == pytest.approx(0.5 * 0.3)
    assert deal.joining[0] == pytest.approx(0.2 * 0.1)  # from 20: only the bracket of 22.50
    assert deal.price[0] == pytest.approx(4.0 - 1 / 2)  # two units a basket share the 1.00
    assert deal.aside[0] == pytest.approx(0.3 * (40 - 22.5) / 2)
    assert not deal.funded


def test_money_off_beyond_the_price_is_not_offered(shop, assumptions):
    terms = SpendSavePolicy(offers=[SpendSaveTerms(spend=40, save=2)])

    price = spend_save.deals(shop, terms, assumptions)[0].price

    assert price[0] == pytest.approx(3.0)
    assert np.isnan(price[1])  # 2.00 off a cup of 2.00


def test_a_bundle_costs_on_baskets_that_hold_both_and_earns_on_those_that_add(shop, assumptions):
    deal = bundle.deals(shop, BundlePolicy(depths=[0.2]), assumptions, 0.09)[0]

    assert deal.price[0] == pytest.approx(3.19)
    assert deal.share[0] == pytest.approx(0.5 * 0.2)
    assert deal.joining[0] == pytest.approx(0.1 * 0.8)
    assert deal.aside[0] == pytest.approx((2.0 - 1.0) / 2)  # one cup for two packs of tea
    assert deal.terms["bundle_id"][0] == "tea+cup"
    assert deal.companion.row[0] == 1
    assert np.isnan(deal.price[1])  # nothing goes with cups


def test_a_gift_costs_what_it_is_bought_for_and_the_sale_it_replaces(shop, assumptions):
    deal = gift.deals(shop, GiftPolicy(buy=[2]), assumptions)[0]

    given = 1.0 + 0.2 * (2.0 - 1.0)
    assert deal.price[0] == pytest.approx(4.0 - given / 2)
    assert deal.felt[0] == pytest.approx(0.5 * 2.0 / (2 * 4.0))
    assert deal.share[0] == pytest.approx(0.5 * 1.5 / 2)
    assert deal.discounted[0] == pytest.approx((2 * 0.2 + 2 * 0.2 + 4 * 0.1) / 1.5)
    assert deal.companion.units[0] == pytest.approx(0.5)
    assert deal.terms["gift_product_id"][0] == "cup"
    assert np.isnan(deal.price[1])


def test_what_the_data_know_of_a_gift_is_its_cost(shop, assumptions):
    learned = gift.deals(shop, GiftPolicy(buy=[2]), assumptions)[0].learned

    assert learned.share[0] == 0.0
    assert learned.joining[0] == pytest.approx(0.5 * 1.5 / 2)
    assert learned.bought[0] == 1.0


def test_a_flash_sells_in_its_hours_and_to_those_who_wait_for_it(shop, assumptions):
    terms = FlashPolicy(depths=[0.3], weekday=6, from_hour=10, to_hour=16)

    deal = flash.deals(shop, terms, assumptions, 0.09)[0]

    assert deal.share[0] == pytest.approx(0.4 / 7)
    assert deal.joining[0] == pytest.approx(0.1 * (1 - 0.4 / 7))
    assert deal.price[0] == pytest.approx(2.79)
    assert deal.opens == pd.Timedelta("5 days 10:00:00")
    assert deal.lasts == pd.Timedelta("6:00:00")


def test_an_offer_shallower_than_the_least_percent_off_is_not_made(shop, assumptions):
    save = SpendSavePolicy(
        offers=[SpendSaveTerms(spend=40, save=0.5), SpendSaveTerms(spend=40, save=1)]
    )
    mechanics = Mechanics(percent_off=PercentOffPolicy(depths=[0.1]), spend_save=save)

    plain, shallow, deep = make_deals(shop, mechanics, assumptions, 0.09)

    assert plain.price[0] == pytest.approx(3.59)
    assert np.isnan(shallow.price[0])  # 6 % off
    assert deep.price[0] == pytest.approx(3.5)


def test_a_mechanic_that_the_policy_does_not_name_is_not_offered(shop, assumptions):
    made = make_deals(
        shop, Mechanics(percent_off=PercentOffPolicy(depths=[0.1])), assumptions, 0.09
    )

    assert [deal.mechanic for deal in made] == ["percent_off"]
