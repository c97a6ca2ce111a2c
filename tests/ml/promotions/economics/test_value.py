from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plain_items import RESPONSES, alike, plain_items

from ml.config.assumptions import load_assumptions
from ml.config.policy import Risk, load_policy
from ml.promotions.economics.demand import Z10, multiplier, promoted_sales
from ml.promotions.economics.items import unit_costs
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import evaluate
from ml.promotions.mechanics.deal import Companion, price_cut
from ml.promotions.spillovers.valuation import Spillovers

PLENTY = 10_000.0
SHARES = pd.DataFrame({"display": [0.2], "mailer": [1.0]})
REGULAR = np.array([10.0])
OPTIONS = Options(
    deals=(price_cut("percent_off", REGULAR, np.array([8.0])),),
    deal=np.array([0, 0, 0]),
    support=np.array(["none", "display", "display+mailer"]),
    support_cost=np.array([0.0, 0.5, 1.0]),
    regular_price=REGULAR,
)


def items(late_share=0.0, **responses):
    return plain_items(
        ["a"],
        np.array(["2017-12-04"]),
        np.array([[10.0]]),
        np.array([[PLENTY]]),
        late_share=np.array([late_share]),
        responses=alike(1, **responses),
    )


def risk(measure, **changed):
    values = {"aversion": 0.0, "quantile": 0.1, "scenarios": [-1.0, 1.0]} | changed
    return Risk(measure=measure, **values)


QUARTER = Spillovers(
    money=np.array([0.25 * 4]), sd=np.array([0.0]), units=np.array([0.25])
)  # of the regular margin


def economics(shop, options=OPTIONS, spillovers=QUARTER, **policy):
    made = load_policy().model_copy(update=policy)
    return evaluate(shop, options, SHARES, made, spillovers)


def test_demand_follows_price_and_the_usual_share_of_support():
    price_only = 0.8**-2.0

    mean = multiplier(RESPONSES, SHARES, OPTIONS).mean[0]

    assert mean == pytest.approx([price_only, price_only * np.exp(0.2), price_only * np.exp(0.7)])


def test_margin_counts_markdown_funding_support_and_displaced_units():
    found = economics(items())

    units = 10 * 0.8**-2.0 * np.exp(0.2)  # 19.08; the supplier returns half of 2.00
    by_hand = units * (8 - 6 + 1) - 10 * (10 - 6) - 0.5 - 0.25 * (units - 10) * (10 - 6)
    assert found.money.margin[0, 0, 1] == pytest.approx(by_hand)
    assert found.money.cost[0, 0, 1] == pytest.approx(np.ceil((units * 2 + 0.5) * 100) / 100)
    assert found.money.value == pytest.approx(found.money.margin)  # responses known for sure


def test_what_is_not_known_well_is_worth_less_but_sells_the_same():
    sure, unsure = items(), items(elasticity_sd=0.5, mailer_lift_sd=0.3)

    found = economics(unsure, risk=risk("spread", aversion=0.5))

    assert found.demand.sales.expected == pytest.approx(
        economics(sure).demand.sales.expected, rel=1e-4
    )
    # uncensored, margin is linear in a log-normal multiplier
    log_sd = np.hypot(0.5 * np.log(0.8), 0.3)
    units = 10 * 0.8**-2.0 * np.exp(0.7)
    sd = units * np.sqrt(np.expm1(log_sd**2)) * (3 - 0.25 * 4)
    assert found.money.margin_sd[0, 0, 2] == pytest.approx(sd, rel=0.01)
    assert found.money.value[0, 0, 2] == pytest.approx(
        found.money.margin[0, 0, 2] - 0.5 * sd, rel=0.01
    )
    low = units * np.exp(-Z10 * log_sd - log_sd**2 / 2)
    drop = (units - low) * (3 - 0.25 * 4)
    assert found.money.margin[0, 0, 2] - found.money.margin_low[0, 0, 2] == pytest.approx(drop)


def test_not_knowing_what_is_displaced_makes_a_promotion_worth_less():
    unsure = replace(QUARTER, sd=np.array([0.5]))

    found = economics(items(), spillovers=unsure, risk=risk("spread", aversion=0.5))

    extra = 10 * 0.8**-2.0 - 10
    assert found.money.margin == pytest.approx(economics(items()).money.margin)
    assert found.money.margin_sd[0, 0, 0] == pytest.approx(0.5 * extra)
    assert found.money.value[0, 0, 0] == pytest.approx(found.money.margin[0, 0, 0] - 0.25 * extra)
    drop = Z10 * 0.5 * extra
    assert found.money.margin[0, 0, 0] - found.money.margin_low[0, 0, 0] == pytest.approx(drop)


def test_no_more_is_sold_than_is_in_stock():
    response = multiplier(RESPONSES, SHARES, OPTIONS)

    sales = promoted_sales(np.array([[10.0]]), np.array([[5.0]]), np.array([4.0]), response)

    assert (sales.expected < 5.0).all()
    assert (sales.expected > 4.0).all()


def test_the_stock_must_cover_promoted_demand_at_the_service_level():
    # negative binomial, mean 15.625, size 4: P(D <= 26) = .899, P(D <= 27) = .913
    short, enough = (
        economics(replace(items(), stock=np.array([[stock]])), stock_service_level=0.9)
        for stock in (26.0, 27.0)
    )

    assert not short.limits.in_stock[0, 0, 0]
    assert enough.limits.in_stock[0, 0, 0]


def test_the_floor_is_on_the_margin_before_supplier_funding():
    # 8.00 - 6.00 = 25 % of the promo price
    assert economics(items(), margin_floor=0.25).limits.above_floor.all()
    assert not economics(items(), margin_floor=0.26).limits.above_floor.any()


def test_a_missing_cost_comes_from_the_departments_margin_and_says_so():
    products = pd.DataFrame(
        {
            "department": ["DELI", "OTHER", "DELI"],
            "brand": ["National", "Private", "Private"],
            "regular_price": [10.0, 10.0, 10.0],
            "unit_cost": [np.nan, np.nan, 4.0],
        }
    )

    found = unit_costs(products, load_assumptions())

    assert found["unit_cost"].tolist() == pytest.approx([5.8, 7.2, 4.0])
    assert found["cost_is_assumed"].tolist() == [True, True, False]
    assert found["funding"].tolist() == [0.5, 0.0, 0.0]


def with_deal(**fields):
    cut = price_cut("buy_get", REGULAR, np.array([8.0]), priors=("mechanics.buy_get",))
    deal = replace(cut, **{name: np.array([value]) for name, value in fields.items()})
    return replace(OPTIONS, deals=(deal,))


def test_takers_joiners_and_the_rest_each_pay_their_own_price():
    options = with_deal(share=0.4, joining=0.1, bought=1.5, discounted=0.8, aside=0.3)

    found = economics(items(), options)

    takers, joiners, rest = 10 * 0.4 * 0.8**-2.0, 10 * 0.1 * 1.5, 10 * 0.5
    units = takers + joiners + rest
    discounted = takers * 0.8 + joiners
    by_hand = units * 4 - discounted * 2 * 0.5 - 10 * 4 + 10 * 0.1 * 0.3
    lost = 0.25 * (units - 10) * 4
    assert found.demand.mean[0, 0, 0] == pytest.approx(units)
    assert found.demand.taken[0, 0] == pytest.approx(discounted / units)
    assert found.money.margin[0, 0, 0] == pytest.approx(by_hand - lost)
    assert found.money.cost[0, 0, 0] == pytest.approx(np.ceil(discounted * 2 * 100) / 100)


def test_support_lifts_only_those_who_take_the_offer():
    demand = economics(items(), with_deal(share=0.4)).demand.mean[0, 0]

    assert demand == pytest.approx(10 * (0.6 + 0.4 * 0.8**-2.0 * np.exp([0.0, 0.2, 0.7])))


def test_what_joiners_bring_is_the_part_of_the_margin_from_priors():
    options = with_deal(share=0.4, joining=0.1, aside=5.0)

    found = economics(items(), options)

    learned = economics(items(), with_deal(share=0.4))
    assert found.money.margin - found.money.from_priors == pytest.approx(learned.money.margin)
    assert (learned.money.from_priors == 0).all()


def test_a_margin_may_rest_on_priors_only_so_far():
    options = with_deal(share=0.4, joining=0.1, aside=5.0)
    part = economics(items(), options)
    share = (part.money.from_priors / part.money.margin)[0, 0, 0]

    assert economics(items(), options, most_from_priors=share + 0.01).limits.on_data[0, 0, 0]
    assert not economics(items(), options, most_from_priors=share - 0.01).limits.on_data[0, 0, 0]
    assert economics(items(), options, most_from_priors=1.0).limits.on_data.all()


def test_a_supplier_pays_only_for_offers_it_funds():
    own = replace(OPTIONS, deals=(replace(OPTIONS.deals[0], funded=False),))

    funded, unfunded = economics(items()), economics(items(), own)

    units = 10 * 0.8**-2.0
    assert funded.money.margin[0, 0, 0] - unfunded.money.margin[0, 0, 0] == pytest.approx(
        units * 2 * 0.5
    )


def test_an_offer_needs_stock_of_its_companion_too():
    # both sell 10 a week and have plenty; half of the tea's 15.6 promoted units need a cup
    weeks, baseline = np.array(["2017-12-04"]), np.array([[10.0], [10.0]])
    shop = plain_items(["tea", "cup"], weeks, baseline, np.array([[PLENTY], [29.0]]))
    two = np.array([10.0, 10.0])
    cup = Companion(np.array([1, -1]), np.array([0.5, 0.0]))
    plain = price_cut("percent_off", two, np.array([8.0, np.nan]))
    options = replace(OPTIONS, deals=(replace(plain, companion=cup),), regular_price=two)
    shares = pd.concat([SHARES] * 2, ignore_index=True)

    def in_stock(cups):
        held = replace(shop, stock=np.array([[PLENTY], [cups]]))
        policy = load_policy().model_copy(update={"stock_service_level": 0.9})
        none = Spillovers(*np.zeros((3, 2)))
        return evaluate(held, options, shares, policy, none).limits.in_stock[0, 0, 0]

    # negative binomial, mean 17.8, size 4: P(D <= 30) = .893, P(D <= 31) = .906
    assert not in_stock(30.0)
    assert in_stock(31.0)


def test_the_quantile_is_the_margin_that_is_reached_nine_times_in_ten():
    shop = items(elasticity_sd=0.5, mailer_lift_sd=0.3)

    found = economics(shop, risk=risk("quantile", quantile=0.1))

    assert found.money.value == pytest.approx(found.money.margin_low)
    lower = economics(shop, risk=risk("quantile", quantile=0.05))
    assert (lower.money.value[0, 0] < found.money.value[0, 0]).all()
    assert economics(shop, risk=risk("mean")).money.value == pytest.approx(found.money.margin)


def test_each_scenario_moves_every_response_by_its_standard_deviations():
    shop = items(elasticity_sd=0.5)

    weak, strong = economics(shop, risk=risk("worst")).money.scenarios

    # log M = 2 x log(1 / .8) -+ .5 log(1 / .8), less half its variance; 3.00 kept, 4.00 usual
    spread = 0.5 * np.log(1 / 0.8)
    for found, z in ((weak, -1), (strong, 1)):
        units = 10 * 0.8**-2.0 * np.exp(z * spread - spread**2 / 2)
        assert found[0, 0, 0] == pytest.approx(units * 3 - 40 - 0.25 * (units - 10) * 4)
    assert economics(shop).money.scenarios == ()


def test_an_offer_whose_appeal_is_a_prior_needs_a_policy_without_that_limit():
    felt = replace(with_deal().deals[0], felt_is_prior=True)
    options = replace(OPTIONS, deals=(felt,))

    found = economics(items(), options)

    assert found.money.margin[0, 0, 1] > 0
    # as far as the data know, ten buyers pay 2.00 less, half of it the supplier's
    learned = found.money.margin - found.money.from_priors
    assert learned[0, 0] == pytest.approx([-10.0, -10.5, -11.0])
    assert not economics(items(), options, most_from_priors=0.99).limits.on_data.any()
    assert economics(items(), options, most_from_priors=1.0).limits.on_data.all()


def test_an_item_sold_to_a_late_customer_counts_as_much_as_the_policy_gives_for_it():
    objective = load_policy().objective.model_copy(update={"units": 0.5, "retention": 2.0})
    plain, sought = economics(items()), economics(items(late_share=0.3), objective=objective)

    more = 10 * 0.8**-2.0 - 10
    assert (sought.money.value - plain.money.value)[0, 0, 0] == pytest.approx(
        (0.5 + 2.0 * 0.3) * more
    )
    assert sought.money.margin == pytest.approx(plain.money.margin)


def test_revenue_and_units_count_as_much_as_the_policy_gives_for_them():
    objective = load_policy().objective.model_copy(update={"revenue": 0.1, "units": 0.5})
    plain, sought = economics(items()), economics(items(), objective=objective)

    units = 10 * 0.8**-2.0
    assert plain.money.revenue[0, 0, 0] == pytest.approx(units * 8 - 10 * 10)
    gain = 0.1 * (units * 8 - 100) + 0.5 * (units - 10)
    assert (sought.money.value - plain.money.value)[0, 0, 0] == pytest.approx(gain)
    assert sought.money.margin == pytest.approx(plain.money.margin)
