"""A promotion for a segment is had, responded to and paid for by its members alone."""

import numpy as np
import pandas as pd
import pytest
from segmented_shop import PEOPLE, SEEKERS, segment_of, write_customers
from small_shop import AS_OF, broken, plan, summary

from ml import lake
from ml.config.policy import load_policy
from ml.contracts.marts import DIM_CUSTOMERS, FCT_BASKETS
from ml.contracts.profiles import CUSTOMER_SEGMENTS
from ml.errors import LakeError, PolicyError
from ml.promotions.audiences.members import (
    members,
)
from ml.promotions.audiences.segments import (
    relative_responses,
    require_segments,
    units_shares,
)
from ml.promotions.gate import gate_plan
from ml.promotions.plan import write_plan
from ml.promotions.planning.inputs import read_inputs
from ml.promotions.planning.propose import NO_PRODUCTS, prepare


def test_few_purchases_are_drawn_to_the_category_and_it_to_the_shop():
    bought = pd.DataFrame(
        [("a", "ham", 30.0), ("b", "ham", 10.0), ("b", "tea", 40.0)],
        columns=["customer_id", "product_id", "decayed_purchases"],
    )
    belong = pd.DataFrame({"customer_id": ["a"], "audience_id": ["segment-1"]})
    category = pd.Series({"ham": "MEAT", "lamb": "MEAT", "tea": "TEA"})

    found = units_shares(bought, belong, category)["segment-1"]

    shop = 30 / 80
    meat, tea = (30 + 10 * shop) / (40 + 10), 10 * shop / (40 + 10)
    assert found["ham"] == pytest.approx((30 + 10 * meat) / (40 + 10))
    assert found["lamb"] == pytest.approx(meat)
    assert found["tea"] == pytest.approx(10 * tea / (40 + 10))


def test_who_buys_only_what_is_always_on_promotion_responds_no_stronger_for_it():
    pairs = [(f"a{k}", "ham", 10.0) for k in range(50)] + [
        (f"b{k}", "tea", 10.0) for k in range(50)
    ]
    bought = pd.DataFrame(pairs, columns=["customer_id", "product_id", "sales"])
    belong = bought[["customer_id"]].assign(audience_id=bought["product_id"])
    quantities = pd.DataFrame(
        [("ham", True, 80), ("ham", False, 20), ("tea", True, 20), ("tea", False, 80)],
        columns=["product_id", "on_promotion", "baskets"],
    )

    def found(ham, tea):
        share = bought["product_id"].map({"ham": ham, "tea": tea}).to_numpy()
        profiles = pd.DataFrame({"discounted_share": share}, index=bought["customer_id"])
        profiles["saved_share"] = 0.25 * share  # every discount is a quarter
        return relative_responses(bought, belong, profiles, quantities, elasticity=-2.0)

    assert found(0.8, 0.2).tolist() == pytest.approx([1.0, 1.0])
    seeking = found(0.9, 0.1)
    usual, observed, expected = 2 * np.log(1 / 0.75), np.log(9), np.log(4)
    drawn = 50 / (50 + 50)
    assert seeking["ham"] == pytest.approx(min(2.0, 1 + drawn * (observed - expected) / usual))
    assert seeking["tea"] == pytest.approx(max(0.5, 1 - drawn * (observed - expected) / usual))


def test_nobody_who_may_not_be_targeted_or_is_held_out_is_a_member(shop):
    shop()
    write_customers()

    segments, customers = lake.read(CUSTOMER_SEGMENTS, AS_OF), lake.read(DIM_CUSTOMERS, AS_OF)
    everybody, fewer = members(segments, customers, 0.0), members(segments, customers, 0.5)

    assert set(PEOPLE) - set(everybody["customer_id"]) == {"c0"}
    assert set(fewer["customer_id"]) < set(everybody["customer_id"])
    assert everybody["audience_id"].tolist() == [segment_of(c) for c in everybody["customer_id"]]
    assert members(segments[:0], customers, 0.0).empty  # a day without segments


def test_sales_to_unknown_buyers_are_no_members(shop):
    shop(audiences=[SEEKERS], holdout_share=0.0)
    write_customers()
    policy = load_policy()
    [all_known] = read_inputs(AS_OF, policy).audiences
    baskets = lake.read(FCT_BASKETS, AS_OF)
    lake.write(
        FCT_BASKETS, AS_OF, pd.concat([baskets, baskets.assign(customer_id=None, basket_id="u")])
    )

    [half_known] = read_inputs(AS_OF, policy).audiences

    assert all_known.of_units["p0"] == pytest.approx(24 / 100, abs=0.005)
    assert half_known.of_units["p0"] == pytest.approx(all_known.of_units["p0"] / 2)
    assert all_known.of_customers == pytest.approx(24 / 100)


def test_an_offer_to_a_segment_raises_and_costs_its_own_part_and_no_display_goes_with_it(shop):
    shop(audiences=[SEEKERS], holdout_share=0.0)
    write_customers()
    policy = load_policy()
    draft = prepare(read_inputs(AS_OF, policy), policy, policy.budget, NO_PRODUCTS, ())
    options, economics = draft.options, draft.economics
    ids = np.array([options.deals[o].audience.audience_id for o in options.deal])
    share = options.deals[options.deal[ids == "segment-1"][0]].audience.of_units["p0"]
    to_all, theirs = (
        np.flatnonzero((ids == who) & (options.support == "none")) for who in ("all", "segment-1")
    )

    assert {*options.support[ids == "segment-1"]} == {"none", "mailer"}
    mailer = (ids == "segment-1") & (options.support == "mailer")
    assert options.support_cost[mailer] == pytest.approx(0.5 * 24 / 100)
    row = draft.items.rows["p0"]
    raised = economics.demand.mean[row, 0] / draft.items.baseline[row, 0] - 1
    assert raised[theirs] == pytest.approx(share * raised[to_all])
    whole, part = (economics.money.cost[row, 0, at] for at in (to_all, theirs))
    assert part == pytest.approx(share * whole, rel=0.05)  # stock cuts the larger demand first


def test_a_segment_that_responds_stronger_gets_promotions_of_its_own_that_pass_the_gate(shop):
    shop(audiences=[SEEKERS], budget=40.0)
    write_customers(seeking=0.9)
    write_plan(AS_OF)
    lines, policy = plan(), load_policy()
    theirs = lines[lines["audience_id"] == "segment-1"]

    assert len(theirs)
    assert set(lines["audience_id"]) <= {"all", "segment-1"}
    assert theirs["audience_share"].between(0.1, 0.3).all()
    assert (lines.loc[lines["audience_id"] == "all", "audience_share"] == 1).all()
    assert summary()["promotions_by_audience"]["segment-1"] == len(theirs)
    assert lines["cost"].sum() <= 40.0
    gate_plan(AS_OF)
    for_all = lines.assign(audience_id="all")
    assert broken(for_all, policy)  # at another cost, to another number


def test_a_rule_may_keep_a_mechanic_or_products_to_a_segment(shop):
    only = SEEKERS | {"only": True, "products": ["ham"], "mechanics": ["percent_off"]}
    shop(audiences=[only])
    write_customers()
    write_plan(AS_OF)

    lines = plan().groupby("category")["audience_id"].unique()

    assert lines["HAM"].tolist() == ["segment-1"]
    assert lines["SALAMI"].tolist() == ["all"]


def test_a_word_that_no_segment_has_today_targets_nobody(shop):
    shop(audiences=[{"audience": "lapsing"}])
    write_customers()
    write_plan(AS_OF)

    assert set(plan()["audience_id"]) == {"all"}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"audience": "everyone"}, "audiences.*segment-0, segment-1 ... or a word"),
        (SEEKERS | {"products": ["harm"]}, "audiences.products: 'harm' is no product_id"),
        (SEEKERS | {"mechanics": ["rebate"]}, "audiences.*percent_off"),
    ],
)
def test_a_rule_that_names_something_unknown_is_refused(shop, rule, message):
    shop(audiences=[rule])
    write_customers()

    with pytest.raises(PolicyError, match=message):
        write_plan(AS_OF)


def test_nobody_waits_for_segments_that_will_not_come():
    require_segments(will_be_written=True)
    with pytest.raises(LakeError, match=r"see its log and run it again"):
        require_segments(will_be_written=False)
