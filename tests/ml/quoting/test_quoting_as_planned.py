"""The till takes what the plan counted: each mechanic's own offer, sold in whole."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ml.config.assumptions import load_assumptions
from ml.config.mechanics import Mechanics
from ml.contracts.dbt_vars import UNITS_HISTOGRAM_MAX
from ml.promotions.mechanics.baskets import Habits
from ml.promotions.mechanics.catalog import make_deals
from ml.promotions.mechanics.deal import Deal, Shop
from ml.quoting.basket import Line, Quote
from ml.quoting.promotions import Promotion, read_promotion
from ml.quoting.till import quote

TEA = 0  # its row in the shop
TERMS = (
    *("threshold_amount", "discount_amount", "buy_qty", "get_qty", "get_depth"),
    *("gift_product_id", "bundle_product_id"),
)
MECHANICS = Mechanics.model_validate(
    {
        "percent_off": {"depths": [0.1, 0.25]},
        "buy_get": {
            "offers": [{"buy": 2, "get": 1, "depth": 0.5}, {"buy": 1, "get": 1, "depth": 1.0}]
        },
        "spend_save": {"offers": [{"spend": 20, "save": 1}]},
        "bundle": {"depths": [0.2, 0.3]},
        "gift": {"buy": [2]},
        "flash": {"depths": [0.3], "weekday": 6, "from_hour": 10, "to_hour": 16},
    }
)


@pytest.fixture
def deals() -> dict[str, list[Deal]]:
    """What the plan may offer on tea at 4.00, of which each basket holds two, beside a cup."""
    habits = Habits(
        quantities=np.tile(np.eye(UNITS_HISTOGRAM_MAX)[1], (2, 1)),
        spend=np.full((2, 41), 1 / 41),
        partner=np.array([1, -1]),
        together=np.array([0.2, 0.0]),
        weekdays=np.full(7, 1 / 7),
    )
    made: dict[str, list[Deal]] = {}
    ids = np.array(["tea", "cup"], object)
    shop = Shop(ids, np.array([4.0, 2.0]), np.array([2.0, 0.5]), habits)
    for deal in make_deals(shop, MECHANICS, load_assumptions(), 0.09):
        if not np.isnan(deal.price[TEA]):
            made.setdefault(deal.mechanic, []).append(deal)
    return made


def planned(deal: Deal) -> Promotion:
    deal_terms = {name: deal.terms.get(name) for name in TERMS}
    terms = {n: v[TEA] if isinstance(v, np.ndarray) else v for n, v in deal_terms.items()}
    row = {
        "promotion_id": f"tea-{deal.mechanic}",
        "product_id": "tea",
        "mechanic": deal.mechanic,
        "starts_at": "2017-12-04",
        "ends_at": "2017-12-11",
        "regular_price": 4.0,
        "promo_price": round(float(deal.price[TEA]), 4),
        "max_redemptions": 100,
        "per_customer_limit": 6,
        "audience_id": "all",
        "store_group": "all",
    }
    return read_promotion(row | terms, ZoneInfo("UTC"))


def sold(deal: Deal, tea: int, **others: Line) -> Quote:
    basket = {"tea": Line(tea, Decimal("4.00"))} | others
    return quote(basket, {"tea": planned(deal)})


def price(quotation: Quote) -> float:
    """What a unit of tea brought in."""
    return float(quotation.lines[0].amount) / quotation.lines[0].quantity


@pytest.mark.parametrize("mechanic", ["percent_off", "flash", "bundle"])
def test_a_lower_price_is_the_plans_to_the_cent(deals, mechanic):
    for deal in deals[mechanic]:
        assert price(sold(deal, 2, cup=Line(1, Decimal("2.00")))) == deal.price[TEA]


def test_a_whole_set_brings_in_the_plans_price_a_unit(deals):
    for deal in deals["buy_get"]:
        a_set = int(deal.terms["buy_qty"] + deal.terms["get_qty"])
        assert price(sold(deal, a_set)) == pytest.approx(deal.price[TEA])


def test_money_off_the_usual_basket_brings_in_the_plans_price_a_unit(deals):
    (deal,) = deals["spend_save"]

    found = sold(deal, 2, rest=Line(1, Decimal("12.00")))

    assert price(found) == pytest.approx(deal.price[TEA])


def test_a_gift_goes_with_as_many_units_as_the_plan_counts(deals):
    (deal,) = deals["gift"]
    assert deal.companion is not None

    found = sold(deal, 4)

    assert [gift.quantity for gift in found.gifts] == [4 * deal.companion.units[TEA]]
    assert found.total == Decimal("16.00")
