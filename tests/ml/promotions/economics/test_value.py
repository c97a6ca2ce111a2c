from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.config.assumptions import load_assumptions
from ml.config.policy import Risk, load_policy
from ml.promotions.economics.demand import Z10, multiplier, promoted_sales
from ml.promotions.economics.items import Items, unit_costs
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import evaluate
from ml.promotions.mechanics.deal import Companion, price_cut
from ml.promotions.spillovers.valuation import Displaced

PLENTY = 10_000.0
RESPONSE = pd.DataFrame(
    {
        "elasticity": [-2.0],
        "elasticity_sd": [0.0],
        "display_lift": [1.0],
        "display_lift_sd": [0.0],
        "mailer_lift": [0.5],
        "mailer_lift_sd": [0.0],
    }
)
SHARES = pd.DataFrame({"display": [0.2], "mailer": [1.0]})
REGULAR = np.array([10.0])
OPTIONS = Options(
    offers=(price_cut("percent_off", REGULAR, np.array([8.0])),),
    offer=np.array([0, 0, 0]),
    support=np.array(["none", "display", "display+mailer"]),
    support_cost=np.array([0.0, 0.5, 1.0]),
    regular_price=REGULAR,
)


def items(**changes):
    table = RESPONSE.assign(
        product_id="a", regular_price=10.0, unit_cost=6.0, funding=0.5, dispersion=4.0
    ).assign(late_share=0.0)
    return Items(
        table=table.assign(**changes),
        weeks=np.array(["2017-12-04"]),
        baseline=np.array([[10.0]]),
        stock=np.array([[PLENTY]]),
        stock_is_simulated=np.array([True]),
        gap=np.array([1]),
    )


def risk(measure, **changed):
    told = {"aversion": 0.0, "quantile": 0.1, "scenarios": [-1.0, 1.0]} | changed
    return Risk(measure=measure, **told)


QUARTER = Displaced(
    money=np.array([0.25 * 4]), sd=np.array([0.0]), units=np.array([0.25])
)  # of the regular margin


def economics(shop, options=OPTIONS, displaced=QUARTER, **policy):
    made = load_policy().model_copy(update=policy)
    return evaluate(shop, options, SHARES, made, displaced)


def test_demand_follows_price_and_the_usual_share_of_support():
    price_only = 0.8**-2.0

    mean = multiplier(RESPONSE, SHARES, OPTIONS).mean[0]

    assert mean == pytest.approx([price_only, price_only * np.exp(0.2), price_only * np.exp(0.7)])


def test_margin_counts_markdown_funding_support_and_displaced_units():
    found = economics(items())

    units = 10 * 0.8**-2.0 * np.exp(0.2)  # 19.08; the supplier returns half of 2.00
    by_hand = units * (8 - 6 + 1) - 10 * (10 - 6) - 0.5 - 0.25 * (units - 10) * (10 - 6)
    assert found.margin[0, 0, 1] == pytest.approx(by_hand)
    assert found.cost[0, 0, 1] == pytest.approx(np.ceil((units * 2 + 0.5) * 100) / 100)
    assert found.value == pytest.approx(found.margin)  # responses known for sure


def test_what_is_not_known_well_is_worth_less_but_sells_the_same():
    sure, unsure = items(), items(elasticity_sd=0.5, mailer_lift_sd=0.3)

    found = economics(unsure, risk=risk("spread", aversion=0.5))

    assert found.sales.expected == pytest.approx(economics(sure).sales.expected, rel=1e-4)
    # uncensored, margin is linear in a log-normal multiplier
    log_sd = np.hypot(0.5 * np.log(0.8), 0.3)
    units = 10 * 0.8**-2.0 * np.exp(0.7)
    sd = units * np.sqrt(np.expm1(log_sd**2)) * (3 - 0.25 * 4)
    assert found.margin_sd[0, 0, 2] == pytest.approx(sd, rel=0.01)
    assert found.value[0, 0, 2] == pytest.approx(found.margin[0, 0, 2] - 0.5 * sd, rel=0.01)
    low = units * np.exp(-Z10 * log_sd - log_sd**2 / 2)
    drop = (units - low) * (3 - 0.25 * 4)
    assert found.margin[0, 0, 2] - found.margin_low[0, 0, 2] == pytest.approx(drop)


def test_not_knowing_what_is_displaced_makes_a_promotion_worth_less():
    unsure = replace(QUARTER, sd=np.array([0.5]))

    found = economics(items(), displaced=unsure, risk=risk("spread", aversion=0.5))

    extra = 10 * 0.8**-2.0 - 10
    assert found.margin == pytest.approx(economics(items()).margin)
    assert found.margin_sd[0, 0, 0] == pytest.approx(0.5 * extra)
    assert found.value[0, 0, 0] == pytest.approx(found.margin[0, 0, 0] - 0.25 * extra)
    drop = Z10 * 0.5 * extra
    assert found.margin[0, 0, 0] - found.margin_low[0, 0, 0] == pytest.approx(drop)


def test_no_more_is_sold_than_is_in_stock():
    response = multiplier(RESPONSE, SHARES, OPTIONS)

    sales = promoted_sales(np.array([[10.0]]), np.array([[5.0]]), np.array([4.0]), response)

    assert (sales.expected < 5.0).all()
    assert (sales.expected > 4.0).all()


def test_the_stock_must_cover_promoted_demand_at_the_service_level():
    # negative binomial, mean 15.625, size 4: P(D <= 26) = .899, P(D <= 27) = .913
    short, enough = (
        economics(replace(items(), stock=np.array([[stock]])), stock_service_level=0.9)
        for stock in (26.0, 27.0)
    )

    assert not short.in_stock[0, 0, 0]
    assert enough.in_stock[0, 0, 0]


def test_the_floor_is_on_the_margin_before_supplier_funding():
    # 8.00 - 6.00 = 25 % of the promo price
    assert economics(items(), margin_floor=0.25).above_floor.all()
    assert not economics(items(), margin_floor=0.26).above_floor.any()


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


def with_offer(**fields):
    cut = price_cut("buy_get", REGULAR, np.array([8.0]), priors=("mechanics.buy_get",))
    offer = replace(cut, **{name: np.array([value]) for name, value in fields.items()})
    return replace(OPTIONS, offers=(offer,))


def test_takers_joiners_and_the_rest_each_pay_their_own_price():
    options = with_offer(share=0.4, joining=0.1, bought=1.5, discounted=0.8, aside=0.3)

    found = economics(items(), options)

    takers, joiners, rest = 10 * 0.4 * 0.8**-2.0, 10 * 0.1 * 1.5, 10 * 0.5
    units = takers + joiners + rest
    discounted = takers * 0.8 + joiners
    by_hand = units * 4 - discounted * 2 * 0.5 - 10 * 4 + 10 * 0.1 * 0.3
    displaced = 0.25 * (units - 10) * 4
    assert found.mean_demand[0, 0, 0] == pytest.approx(units)
    assert found.taken[0, 0] == pytest.approx(discounted / units)
    assert found.margin[0, 0, 0] == pytest.approx(by_hand - displaced)
    assert found.cost[0, 0, 0] == pytest.approx(np.ceil(discounted * 2 * 100) / 100)


def test_support_lifts_only_those_who_take_the_offer():
    demand = economics(items(), with_offer(share=0.4)).mean_demand[0, 0]

    assert demand == pytest.approx(10 * (0.6 + 0.4 * 0.8**-2.0 * np.exp([0.0, 0.2, 0.7])))


def test_what_joiners_bring_is_the_part_of_the_margin_from_priors():
    options = with_offer(share=0.4, joining=0.1, aside=5.0)

    found = economics(items(), options)

    learned = economics(items(), with_offer(share=0.4))
    assert found.margin - found.from_priors == pytest.approx(learned.margin)
    assert (learned.from_priors == 0).all()


def test_a_margin_may_rest_on_priors_only_so_far():
    options = with_offer(share=0.4, joining=0.1, aside=5.0)
    part = economics(items(), options)
    share = (part.from_priors / part.margin)[0, 0, 0]

    assert economics(items(), options, most_from_priors=share + 0.01).on_data[0, 0, 0]
    assert not economics(items(), options, most_from_priors=share - 0.01).on_data[0, 0, 0]
    assert economics(items(), options, most_from_priors=1.0).on_data.all()


def test_a_supplier_pays_only_for_offers_it_funds():
    own = replace(OPTIONS, offers=(replace(OPTIONS.offers[0], funded=False),))

    funded, unfunded = economics(items()), economics(items(), own)

    units = 10 * 0.8**-2.0
    assert funded.margin[0, 0, 0] - unfunded.margin[0, 0, 0] == pytest.approx(units * 2 * 0.5)


def test_an_offer_needs_stock_of_its_companion_too():
    # both sell 10 a week and have plenty; half of the tea's 15.6 promoted units need a cup
    both = pd.concat([items().table] * 2, ignore_index=True)
    shop = Items(
        table=both,
        weeks=np.array(["2017-12-04"]),
        baseline=np.array([[10.0], [10.0]]),
        stock=np.array([[PLENTY], [29.0]]),
        stock_is_simulated=np.array([True, True]),
        gap=np.array([1, 1]),
    )
    two = np.array([10.0, 10.0])
    cup = Companion(np.array([1, -1]), np.array([0.5, 0.0]))
    plain = price_cut("percent_off", two, np.array([8.0, np.nan]))
    options = replace(OPTIONS, offers=(replace(plain, companion=cup),), regular_price=two)
    shares = pd.concat([SHARES] * 2, ignore_index=True)

    def in_stock(cups):
        held = replace(shop, stock=np.array([[PLENTY], [cups]]))
        policy = load_policy().model_copy(update={"stock_service_level": 0.9})
        none = Displaced(*np.zeros((3, 2)))
        return evaluate(held, options, shares, policy, none).in_stock[0, 0, 0]

    # negative binomial, mean 17.8, size 4: P(D <= 30) = .893, P(D <= 31) = .906
    assert not in_stock(30.0)
    assert in_stock(31.0)


def test_the_quantile_is_the_margin_that_is_reached_nine_times_in_ten():
    shop = items(elasticity_sd=0.5, mailer_lift_sd=0.3)

    found = economics(shop, risk=risk("quantile", quantile=0.1))

    assert found.value == pytest.approx(found.margin_low)
    lower = economics(shop, risk=risk("quantile", quantile=0.05))
    assert (lower.value[0, 0] < found.value[0, 0]).all()
    assert economics(shop, risk=risk("mean")).value == pytest.approx(found.margin)


def test_each_scenario_moves_every_response_by_its_standard_deviations():
    shop = items(elasticity_sd=0.5)

    weak, strong = economics(shop, risk=risk("worst")).scenarios

    # log M = 2 x log(1 / .8) -+ .5 log(1 / .8), less half its variance; 3.00 kept, 4.00 usual
    spread = 0.5 * np.log(1 / 0.8)
    for found, z in ((weak, -1), (strong, 1)):
        units = 10 * 0.8**-2.0 * np.exp(z * spread - spread**2 / 2)
        assert found[0, 0, 0] == pytest.approx(units * 3 - 40 - 0.25 * (units - 10) * 4)
    assert economics(shop).scenarios == ()


def test_an_offer_whose_appeal_is_a_prior_needs_a_policy_without_that_limit():
    felt = replace(with_offer().offers[0], felt_is_prior=True)
    options = replace(OPTIONS, offers=(felt,))

    found = economics(items(), options)

    assert found.margin[0, 0, 1] > 0
    # as far as the data know, ten buyers pay 2.00 less, half of it the supplier's
    learned = found.margin - found.from_priors
    assert learned[0, 0] == pytest.approx([-10.0, -10.5, -11.0])
    assert not economics(items(), options, most_from_priors=0.99).on_data.any()
    assert economics(items(), options, most_from_priors=1.0).on_data.all()


def test_an_item_sold_to_a_late_customer_counts_as_much_as_the_policy_gives_for_it():
    objective = load_policy().objective.model_copy(update={"units": 0.5, "retention": 2.0})
    plain, sought = economics(items()), economics(items(late_share=0.3), objective=objective)

    more = 10 * 0.8**-2.0 - 10
    assert (sought.value - plain.value)[0, 0, 0] == pytest.approx((0.5 + 2.0 * 0.3) * more)
    assert sought.margin == pytest.approx(plain.margin)


def test_revenue_and_units_count_as_much_as_the_policy_gives_for_them():
    objective = load_policy().objective.model_copy(update={"revenue": 0.1, "units": 0.5})
    plain, sought = economics(items()), economics(items(), objective=objective)

    units = 10 * 0.8**-2.0
    assert plain.revenue[0, 0, 0] == pytest.approx(units * 8 - 10 * 10)
    gain = 0.1 * (units * 8 - 100) + 0.5 * (units - 10)
    assert (sought.value - plain.value)[0, 0, 0] == pytest.approx(gain)
    assert sought.margin == pytest.approx(plain.margin)
