"""Known answers: each basket is small enough to be added up in the head."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import ContractError
from ml.promotions.mechanics.price_ladder import prices_on_ladder
from ml.quoting.basket import Line, Redeemed
from ml.quoting.promotions import Promotion, read_promotion
from ml.quoting.till import quote

NEW_YORK = ZoneInfo("America/New_York")
ROW = {
    "product_id": "tea",
    "mechanic": "percent_off",
    "starts_at": "2017-12-04T00:00:00",
    "ends_at": "2017-12-11T00:00:00",
    "regular_price": 10.0,
    "promo_price": 7.99,
    "max_redemptions": 100,
    "per_customer_limit": 6,
    "audience_id": "all",
    "store_group": "all",
    "threshold_amount": None,
    "discount_amount": None,
    "buy_qty": None,
    "get_qty": None,
    "get_depth": None,
    "gift_product_id": None,
    "bundle_product_id": None,
}


def offer(product: str = "tea", mechanic: str = "percent_off", **terms) -> Promotion:
    promotion_id = f"{product}-{mechanic}"
    row = {**ROW, "promotion_id": promotion_id, "product_id": product, "mechanic": mechanic}
    return read_promotion(row | terms, NEW_YORK)


def basket(**quantities: int) -> dict[str, Line]:
    prices = {"tea": "10.00", "cup": "4.00", "pot": "30.00"}
    return {p: Line(n, Decimal(prices[p])) for p, n in quantities.items()}


def quoted(of: dict[str, Line], *offers: Promotion, **redeemed: Redeemed):
    return quote(of, {o.product_id: o for o in offers}, redeemed)


def line(quoted, product: str):
    return next(each for each in quoted.lines if each.product_id == product)


def reasons(quoted, product: str) -> list[tuple[str, int]]:
    return [(each.reason, each.units) for each in line(quoted, product).not_applied]


def test_percent_off_and_flash_charge_the_promo_price():
    for mechanic in ("percent_off", "flash"):
        quotation = quoted(basket(tea=3, cup=1), offer(mechanic=mechanic))

        assert str(quotation.total) == "27.97"
        assert (quotation.regular_total, quotation.saved) == (Decimal("34.00"), Decimal("6.03"))
        assert [(a.mechanic, a.units) for a in line(quotation, "tea").applied] == [(mechanic, 3)]
        assert reasons(quotation, "cup") == [("no_promotion", 1)]


@given(
    cents=st.integers(20, 20_000),
    depth=st.sampled_from([0.1, 0.15, 0.2, 0.25, 0.3, 0.4]),
    ending=st.sampled_from([0.09, 0.05, 0.99, 0.0]),
    quantity=st.integers(1, 6),
)
def test_a_planned_percent_off_costs_exactly_the_planned_promo_price(
    cents, depth, ending, quantity
):
    regular = cents / 100
    price = float(prices_on_ladder(np.array([regular]), np.array([depth]), ending)[0, 0])
    if np.isnan(price):
        return
    planned = offer(regular_price=regular, promo_price=float(np.round(price, 4)))
    tea = {"tea": Line(quantity, planned.regular_price)}

    assert float(quoted(tea, planned).total / quantity) == price


def test_buy_two_get_one_at_half_price_takes_whole_sets_only():
    terms = {"buy_qty": 2, "get_qty": 1, "get_depth": 0.5}
    two_for_one = offer(mechanic="buy_get", **terms)

    assert quoted(basket(tea=2), two_for_one).total == Decimal("20.00")
    assert quoted(basket(tea=3), two_for_one).total == Decimal("25.00")
    five = quoted(basket(tea=5), two_for_one)
    assert five.total == Decimal("45.00")
    assert reasons(five, "tea") == [("quantity", 2)]
    assert "3 make a set; 2 are left over" in line(five, "tea").not_applied[0].explanation


def test_half_a_cent_goes_to_the_shopper():
    odd = offer(mechanic="buy_get", buy_qty=1, get_qty=1, get_depth=0.5)

    assert quoted({"tea": Line(2, Decimal("2.99"))}, odd).total == Decimal("4.48")


def test_money_off_a_basket_needs_its_total_after_every_other_promotion():
    save = offer("pot", "spend_save", threshold_amount=40, discount_amount=2)

    assert quoted(basket(pot=1, tea=1), save).total == Decimal("38.00")
    quotation = quoted(basket(pot=1, tea=1), save, offer("tea"))
    assert quotation.total == Decimal("37.99")
    assert reasons(quotation, "pot") == [("basket_total", 1)]
    assert "37.99, 40.00 are needed" in line(quotation, "pot").not_applied[0].explanation


def test_two_savings_on_one_basket_both_look_at_the_total_before_either():
    saves = [offer(p, "spend_save", threshold_amount=40, discount_amount=2) for p in ("pot", "tea")]

    assert quoted(basket(pot=1, tea=1), *saves).total == Decimal("36.00")


def test_money_off_is_taken_once_a_basket_and_never_more_than_the_line_costs():
    save = offer("cup", "spend_save", threshold_amount=30, discount_amount=5)

    assert quoted(basket(pot=1, cup=1), save).total == Decimal("30.00")
    assert quoted(basket(pot=1, cup=3), save).total == Decimal("37.00")


def test_a_bundle_needs_one_paid_partner_and_covers_every_unit():
    pair = offer(mechanic="bundle", bundle_product_id="cup")

    alone = quoted(basket(tea=2), pair)
    assert alone.total == Decimal("20.00")
    assert reasons(alone, "tea") == [("partner_missing", 2)]
    assert quoted(basket(tea=2, cup=1), pair).total == Decimal("19.98")


def test_a_bundles_partner_keeps_its_own_promotion():
    pair = offer(mechanic="bundle", bundle_product_id="cup")

    quotation = quoted(basket(tea=1, cup=1), pair, offer("cup", regular_price=4, promo_price=3.09))

    assert quotation.total == Decimal("11.08")


def test_a_gift_is_free_in_the_basket_and_added_where_it_is_not():
    free_cup = offer(mechanic="gift", buy_qty=2, get_qty=1, gift_product_id="cup")

    quotation = quoted(basket(tea=5, cup=1), free_cup)

    assert quotation.total == Decimal("50.00")
    assert [(g.product_id, g.quantity) for g in quotation.gifts] == [("cup", 1)]
    assert line(quotation, "cup").applied[0].promotion_id == "tea-gift"
    assert reasons(quotation, "tea") == [("quantity", 1)]
    assert line(quotation, "cup").not_applied == ()


def test_a_unit_given_free_takes_part_in_nothing_else():
    free_cup = offer(mechanic="gift", buy_qty=1, get_qty=1, gift_product_id="cup")
    cup = offer("cup", regular_price=4, promo_price=3.09)
    pot = offer("pot", "bundle", regular_price=30, promo_price=24.99, bundle_product_id="cup")

    quotation = quoted(basket(tea=1, cup=1, pot=1), free_cup, cup, pot)

    assert quotation.total == Decimal("40.00")
    assert reasons(quotation, "cup") == [("given_free", 0)]
    assert reasons(quotation, "pot") == [("partner_missing", 1)]
    assert quoted(basket(tea=1, cup=2), free_cup, cup).total == Decimal("13.09")


def test_what_was_paid_to_earn_a_gift_is_not_given_away_by_another():
    tea = offer(mechanic="gift", buy_qty=1, get_qty=1, gift_product_id="cup")
    cup = offer("cup", "gift", regular_price=4, buy_qty=1, get_qty=1, gift_product_id="tea")

    quotation = quoted(basket(tea=3, cup=2), tea, cup)

    assert quotation.total == Decimal("18.00")  # two cups earn two teas, the third tea a new cup
    assert [(g.product_id, g.quantity) for g in quotation.gifts] == [("cup", 1)]


@pytest.mark.parametrize(
    ("redeemed", "total", "reason"),
    [
        (Redeemed(), "67.94", "customer_limit"),
        (Redeemed(by_customer=4), "75.98", "customer_limit"),
        (Redeemed(by_customer=9), "80.00", "customer_limit"),
        (Redeemed(by_customer=1, in_all=97), "73.97", "sold_out"),
        (Redeemed(in_all=100), "80.00", "sold_out"),
    ],
)
def test_units_beyond_a_limit_cost_the_regular_price(redeemed, total, reason):
    quotation = quote(basket(tea=8), {"tea": offer()}, {"tea-percent_off": redeemed})

    assert quotation.total == Decimal(total)
    assert line(quotation, "tea").not_applied[0].reason == reason


def test_limits_count_every_unit_of_a_set():
    three = offer(mechanic="buy_get", buy_qty=2, get_qty=1, get_depth=1.0, per_customer_limit=5)

    quotation = quoted(basket(tea=6), three)

    assert quotation.total == Decimal("50.00")
    assert reasons(quotation, "tea") == [("customer_limit", 3)]


def test_a_gift_and_a_saving_stop_at_their_limits_too():
    gift = offer(mechanic="gift", buy_qty=2, get_qty=1, gift_product_id="cup", max_redemptions=3)
    save = offer("pot", "spend_save", threshold_amount=40, discount_amount=2, per_customer_limit=1)

    assert quoted(basket(tea=4), gift).gifts[0].quantity == 1
    used = quote(basket(pot=2), {"pot": save}, {"pot-spend_save": Redeemed(by_customer=1)})
    assert used.total == Decimal("60.00")


def test_a_promo_price_above_the_tills_own_price_is_not_charged():
    quotation = quoted({"tea": Line(1, Decimal("7.50"))}, offer())

    assert quotation.total == Decimal("7.50")
    assert reasons(quotation, "tea") == [("price_not_lower", 1)]


def test_a_promotion_for_some_is_not_given_to_all():
    quotation = quoted(basket(tea=1), offer(audience_id="segment-3"))

    assert quotation.total == Decimal("10.00")
    assert reasons(quotation, "tea") == [("not_for_all", 1)]


def test_times_without_an_offset_are_the_shops():
    assert offer().starts_at == datetime(2017, 12, 4, 5, tzinfo=UTC)


def any_offers(rng) -> dict[str, Promotion]:
    mechanics = {
        "percent_off": {},
        "flash": {},
        "buy_get": {"buy_qty": 2, "get_qty": 1, "get_depth": 0.5},
        "spend_save": {"threshold_amount": 30, "discount_amount": 2},
        "bundle": {"bundle_product_id": "cup"},
        "gift": {"buy_qty": 1, "get_qty": 1, "gift_product_id": "pot"},
    }
    chosen = {p: rng.choice([*mechanics]) for p in ("tea", "cup", "pot")}
    prices = {"tea": (10, 7.99), "cup": (4, 3.09), "pot": (30, 24.99)}
    return {
        p: offer(p, m, regular_price=prices[p][0], promo_price=prices[p][1], **mechanics[m])
        for p, m in chosen.items()
    }


@given(st.integers(0, 10_000))
def test_lines_add_up_and_no_unit_is_used_twice(seed):
    rng = np.random.default_rng(seed)
    held = basket(**{p: int(rng.integers(1, 9)) for p in ("tea", "cup", "pot")})

    quotation = quote(held, any_offers(rng))

    assert quotation.total + quotation.saved == quotation.regular_total
    assert quotation.total == sum(each.amount for each in quotation.lines)
    for each in quotation.lines:
        took_part = sum(a.units for a in each.applied) + sum(n.units for n in each.not_applied)
        assert took_part == each.quantity
        assert 0 <= each.amount <= each.quantity * each.regular_price


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"mechanic": "buy_get", "buy_qty": 2}, "mechanic buy_get has no get_qty, get_depth"),
        ({"mechanic": "bundle"}, "mechanic bundle has no bundle_product_id"),
        ({"mechanic": "lottery"}, "the mechanic 'lottery'; expected one of percent_off"),
    ],
)
def test_a_promotion_without_the_terms_of_its_mechanic_is_refused(terms, message):
    with pytest.raises(ContractError, match=message):
        offer(**terms)
