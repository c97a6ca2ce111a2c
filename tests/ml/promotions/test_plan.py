"""A small shop, planned end to end: ten products that sell well and respond to promotion."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import yaml

from ml import lake
from ml.contracts.marts import (
    DIM_PRODUCTS,
    FCT_BASKET_QUANTITIES,
    FCT_BASKETS,
    FCT_CATEGORY_BASKETS,
    FCT_PRODUCT_PAIRS,
    FCT_PRODUCT_WEEKS,
)
from ml.contracts.outputs import ALTERNATIVES, EFFECTS, FORECASTS, PLAN, QUANTILES, RESPONSES, STOCK
from ml.errors import GateError, InfeasibleError, LakeError, PolicyError
from ml.gates.plan import gate_plan
from ml.promotions.clearance import gate_verdict
from ml.promotions.edits import read_edits
from ml.promotions.lines import TERMS
from ml.promotions.mechanics import percent_off
from ml.promotions.plan import summary_path, write_plan
from ml.promotions.policy import Duration, load_policy
from ml.promotions.recount import broken_limits
from ml.promotions.scenario import Scenario, compare
from ml.promotions.solver import solve
from ml.settings import settings

AS_OF = date(2017, 12, 4)
WEEKS = [AS_OF + timedelta(days=7 * k) for k in range(4)]
SUPPORT_COST = {"none": 0.0, "display": 0.5, "mailer": 0.5, "display+mailer": 1.0}
GOOD = [f"p{k}" for k in range(10)]
POLICY = {
    "mechanics": {"percent_off": {"depths": [0.1, 0.2, 0.3]}},
    "most_from_priors": 0.25,
    "supports": ["none", "display", "mailer", "display+mailer"],
    "support_cost_per_product_week": dict(SUPPORT_COST),
    "supported_share": 0.1,
    "budget": 250.0,
    "margin_floor": 0.05,
    "slots_per_category_week": 4,
    "minimum_gap_weeks": 1,
    "maximum_per_product": 2,
    "stock_service_level": 0.9,
    "risk": {"measure": "spread", "aversion": 0.5, "quantile": 0.1, "scenarios": [-1, 0, 1]},
    "price_ending": 0.09,
    "per_customer_limit": 6,
    "holdout_share": 0.1,
    "review": {"plans": {"auto_approve": True}, "models": {"auto_approve": True}},
}
MODELLED = [*GOOD, "fuel", "mute", "gone", "cheap"]


def products():
    rows = pd.DataFrame({"product_id": MODELLED})
    rows = rows.assign(
        brand="Private",
        manufacturer_id="1",
        department="DELI",
        category=["HAM"] * 5 + ["SALAMI"] * 9,
        subcategory="x",
        package_size="1 LB",
        unit_cost=[1.5, *[None] * 13],
        is_merchandise=True,
        exclusion_reason=None,
        first_sold_on=date(2017, 1, 2),
        last_sold_on=date(2017, 12, 1),
    )
    rows.loc[rows["product_id"] == "fuel", "is_merchandise"] = False
    rows.loc[rows["product_id"] == "fuel", "exclusion_reason"] = "sold by the gallon"
    return rows


def by_week(**columns):
    keys = [{"product_id": p, "week_start_date": w} for p in MODELLED for w in WEEKS]
    return pd.DataFrame(keys).assign(horizon=np.tile([1, 2, 3, 4], len(MODELLED)), **columns)


def write_effects():
    """A third of the extra units come from later weeks; nothing else moves."""
    shares = {"dip": 0.33, "cannibalisation": 0.0, "halo": 0.0}
    rows = pd.DataFrame({"effect": shares.keys(), "share": shares.values()})
    told = {"category": "all", "onto": "all", "share_sd": 0.0, "share_p05": 0.0, "share_p95": 0.0}
    none = {"estimate": None, "estimate_se": None, "is_told": False}
    lake.write(EFFECTS, AS_OF, rows.assign(**told, **none))


def write_baskets():
    """Two ham baskets in three hold 2, one salami basket in four more than 50 worth."""
    basket = {"basket_id": "b", "store_id": "s", "sold_on": date(2017, 12, 2), "lines": 1}
    money = dict.fromkeys(("sales", "shelf_discount", "coupon_discount"), Decimal(1))
    one = pd.DataFrame([basket | {"customer_id": "c", "units": 1} | money])
    held = pd.DataFrame({"product_id": [p for p in GOOD for _ in (1, 2)], "units": [1, 2] * 10})
    spent = pd.DataFrame({"category": ["HAM", "SALAMI"] * 2, "sales_from": [10, 10, 50, 50]})
    pairs = pd.DataFrame({"product_id": GOOD, "partner_id": [*GOOD[1:], GOOD[0]]})
    lake.write(FCT_BASKETS, AS_OF, one)
    quantities = held.assign(on_promotion=True, baskets=100 * held["units"])
    lake.write(FCT_BASKET_QUANTITIES, AS_OF, quantities)
    lake.write(FCT_CATEGORY_BASKETS, AS_OF, spent.assign(baskets=[100, 300, 100, 100]))
    lake.write(FCT_PRODUCT_PAIRS, AS_OF, pairs.assign(baskets=200, baskets_together=100))


@pytest.fixture
def shop(home, tmp_path, monkeypatch):
    """Write the tables of AS_OF; call it with policy values to change."""

    def write(**policy):
        quantiles = {f"p{int(q * 100)}": 20.0 for q in QUANTILES}
        forecasts = by_week(mean_units=20.0, model_version="7", **quantiles)
        stock = by_week(
            receipts=0.0,
            available_units=120.0,
            stockout_probability=0.0,
            days_of_cover=40.0,
            replenishment_weeks=2,
            is_simulated=True,
        )
        stock.loc[stock["product_id"] == "gone", "available_units"] = 0.0
        stock.loc[stock["product_id"].isin(GOOD[5:]), "available_units"] = 60.0
        responses = pd.DataFrame({"product_id": [p for p in MODELLED if p != "mute"]}).assign(
            regular_price=3.99,
            elasticity=-3.0,
            elasticity_sd=0.3,
            display_lift=0.9,
            display_lift_sd=0.1,
            mailer_lift=0.3,
            mailer_lift_sd=0.1,
            dispersion=6.0,
            promoted_weeks=12,
            price_identified=True,
            model_version="7",
        )
        responses.loc[responses["product_id"] == "cheap", "regular_price"] = 0.05
        weeks = by_week(units=20, regular_price=3.99, shelf_price=3.99, depth=0.0)
        weeks = weeks.assign(display_share=0.3, mailer_share=1.0, stores_selling=1, baskets=9)
        weeks["week_start_date"] = [w - timedelta(days=28) for w in weeks["week_start_date"]]
        lake.write(FORECASTS, AS_OF, forecasts, models={"demand": "7"})
        lake.write(RESPONSES, AS_OF, responses)
        lake.write(STOCK, AS_OF, stock)
        lake.write(DIM_PRODUCTS, AS_OF, products())
        lake.write(FCT_PRODUCT_WEEKS, AS_OF, weeks.assign(sales=Decimal("9.00")))
        write_baskets()
        write_effects()
        path = tmp_path / "policy.yml"
        path.write_text(yaml.safe_dump(POLICY | policy))
        monkeypatch.setenv("PROMOLOOP_POLICY_PATH", str(path))
        settings.cache_clear()

    return write


def plan():
    return lake.read(PLAN, AS_OF)


def summary():
    return json.loads(summary_path(AS_OF).read_text())


def test_the_plan_keeps_every_limit_of_the_policy(shop):
    shop(slots_per_category_week=2)

    version = write_plan(AS_OF)

    lines = plan()
    assert len(lines) >= 8
    assert set(lines["plan_version"]) == {version}
    assert lines["cost"].sum() <= 250.0
    floor = 0.05 * lines["promo_price"]
    assert (lines["promo_price"] - lines["unit_cost"] >= floor).all()
    assert lines.groupby(["category", "starts_at"]).size().max() <= 2
    assert (lines["max_redemptions"] <= 120).all()
    assert (lines["stockout_probability"] <= 0.1).all()
    assert lines.groupby("product_id").size().max() <= 2
    starts = lines.sort_values("starts_at").groupby("product_id")["starts_at"].diff().dropna()
    assert (starts >= pd.Timedelta(days=14)).all()
    assert set(lines["starts_at"].dt.date) <= set(WEEKS)
    assert summary()["optimality_gap"] <= 0.001


def test_every_line_adds_up(shop):
    shop()

    write_plan(AS_OF)

    lines = plan()
    assert np.allclose(lines["depth"], 1 - lines["promo_price"] / lines["regular_price"], atol=1e-4)
    units = lines["expected_units"] - lines["baseline_units"]
    assert np.allclose(lines["incremental_units"], units, atol=2e-4)
    support = lines["support"].map(SUPPORT_COST)
    markdown = lines["expected_units"] * (lines["regular_price"] - lines["promo_price"])
    assert np.allclose(lines["cost"], markdown + support, atol=0.011)
    assert np.allclose(lines["roi"], lines["incremental_margin"] / lines["cost"], atol=1e-3)
    assert (lines["incremental_margin_p10"] <= lines["incremental_margin"]).all()
    assert (lines["expected_units_p10"] <= lines["expected_units_p50"]).all()
    assert (lines["ends_at"] - lines["starts_at"] == pd.Timedelta(days=7)).all()
    known = lines["product_id"] == "p0"
    assert (lines["cost_is_assumed"] != known).all()


def test_a_line_says_why_it_is_there(shop):
    shop(budget=40.0)

    write_plan(AS_OF)

    line = plan().iloc[0]
    why = json.loads(line["reasons"])
    assert why["elasticity"] == -3.0
    assert why["limits"][0]["limit"] == "budget"
    assert why["limits"][0]["shadow_price"] > 0
    assert {"depth", "support", "incremental_margin", "cost"} <= set(why["next_best"])
    assert why["next_best"]["gives_up"] >= 0
    extra = line["expected_units"] - line["baseline_units"]
    assert why["displaces"]["units_of_other_sales"] == pytest.approx(0.33 * extra, abs=1e-3)
    usual = why["displaces"]["units_of_other_sales"] * (line["regular_price"] - line["unit_cost"])
    assert why["displaces"]["margin_of_other_sales"] == pytest.approx(usual, abs=1e-3)
    assert "displacement" in why["assumed"]
    assert ("margin_by_department" in why["assumed"]) == line["cost_is_assumed"]
    assert json.loads(line["model_versions"]) == {"demand": "7"}


def test_a_line_names_the_demands_and_the_budget_that_bind(shop):
    shop(category_budgets={"SALAMI": 12.0}, must_promote=["p9"])

    write_plan(AS_OF)

    lines = plan()
    told = dict(zip(lines["product_id"], map(json.loads, lines["reasons"]), strict=True))
    limits = {product: {each["limit"] for each in why["limits"]} for product, why in told.items()}
    assert {"category_budget", "must_promote"} <= limits["p9"]
    assert not {"category_budget", "must_promote"} & limits["p0"]


def test_in_a_full_week_a_line_names_the_product_whose_place_it_took(shop):
    shop(slots_per_category_week=1)

    write_plan(AS_OF)

    lines = plan()
    promoted = set(zip(lines["product_id"], lines["starts_at"], strict=True))
    places = [json.loads(text)["displaces"]["instead_of"] for text in lines["reasons"]]
    assert all(places)
    for line, other in zip(lines.itertuples(), places, strict=True):
        assert (other["product_id"], line.starts_at) not in promoted
        assert other["incremental_margin"] > 0
        assert (other["product_id"] in GOOD[:5]) == (line.category == "HAM")


def test_products_that_may_not_be_promoted_are_counted_by_reason(shop):
    shop()

    write_plan(AS_OF)

    assert not set(plan()["product_id"]) - set(GOOD)
    assert summary()["products_considered"] == 14
    assert summary()["products_excluded"] == {
        "no price on the ladder": 1,
        "no regular price or response": 1,
        "sold by the gallon": 1,
        "stock does not cover a promotion": 1,
    }


def test_the_summary_is_the_sum_of_the_lines(shop):
    shop()

    write_plan(AS_OF)

    found, lines = summary(), plan()
    assert found["cost"] == pytest.approx(lines["cost"].sum(), abs=0.01)
    assert found["incremental_margin"] == pytest.approx(lines["incremental_margin"].sum(), abs=0.01)
    assert found["promotions"] == sum(found["promotions_by_depth"].values()) == len(lines)
    assert found["incremental_margin_p10"] < found["incremental_margin"]
    budgets = [point["budget"] for point in found["frontier"]]
    assert budgets == [62.5, 125.0, 187.5, 250.0, 312.5, 375.0]
    assert all(point["cost"] <= point["budget"] for point in found["frontier"])
    own = [point for point in found["tradeoffs"] if point["is_plan"]]
    assert [point["margin"] for point in own] == [found["incremental_margin"]]
    assert all(point["discount"] <= 250.0 for point in found["tradeoffs"])


def test_a_given_budget_replaces_the_policys(shop):
    shop()

    write_plan(AS_OF, budget=30.0)

    assert plan()["cost"].sum() <= 30.0
    assert summary()["budget"] == 30.0


def test_a_rerun_writes_the_same_bytes_and_another_policy_another_version(shop):
    shop()
    version, before = write_plan(AS_OF), lake.manifest(PLAN, AS_OF)
    text = summary_path(AS_OF).read_bytes()

    assert write_plan(AS_OF) == version
    assert lake.manifest(PLAN, AS_OF) == before
    assert summary_path(AS_OF).read_bytes() == text
    shop(maximum_per_product=1)
    assert write_plan(AS_OF) != version


def test_an_impossible_policy_is_refused_and_the_last_plan_stays(shop):
    shop()
    write_plan(AS_OF)
    before = lake.manifest(PLAN, AS_OF)

    shop(margin_floor=0.9)
    with pytest.raises(InfeasibleError, match="below the margin floor"):
        write_plan(AS_OF)
    shop()
    with pytest.raises(InfeasibleError, match="budget"):
        write_plan(AS_OF, budget=-5.0)
    shop(price_ending=2.0)
    with pytest.raises(PolicyError, match="price_ending"):
        write_plan(AS_OF)

    assert lake.manifest(PLAN, AS_OF) == before


def test_a_missing_stage_is_named(home):
    with pytest.raises(LakeError, match="demand/forecasts"):
        write_plan(AS_OF)


def test_a_budget_of_nothing_gives_an_empty_plan(shop):
    shop()

    write_plan(AS_OF, budget=0.0)

    assert plan().empty
    assert summary()["promotions"] == 0


def test_a_scenario_is_planned_beside_the_plan_which_stays_as_it_is(shop):
    shop()
    write_plan(AS_OF)
    before, text = lake.manifest(PLAN, AS_OF), summary_path(AS_OF).read_bytes()

    found = compare(AS_OF, Scenario(budget=60.0, exclude=("salami",)))

    assert set(found.lines["category"]) == {"HAM"}
    assert found.lines["cost"].sum() <= 60.0
    totals = found.categories.loc["all"]
    assert totals["cost_now"] == pytest.approx(plan()["cost"].sum(), abs=0.01)
    margin = found.lines["incremental_margin"].sum() - plan()["incremental_margin"].sum()
    assert totals["incremental_margin_more"] == pytest.approx(margin, abs=0.01)
    assert pd.read_csv(found.path)["promotion_id"].tolist() == found.lines["promotion_id"].tolist()
    beside = pd.read_csv(found.path.with_name(f"{found.plan_version}-by-category.csv"))
    assert beside["incremental_margin_more"].tolist()[-1] == totals["incremental_margin_more"]
    assert lake.manifest(PLAN, AS_OF) == before
    assert summary_path(AS_OF).read_bytes() == text


def test_a_scenario_that_asks_for_nothing_is_the_plan(shop):
    shop()
    version = write_plan(AS_OF)

    found = compare(AS_OF, Scenario())

    assert found.plan_version == version
    assert (found.categories["incremental_margin_more"] == 0).all()


def option(promotion_id, depth):
    """What the review page sends to put a promotion at another depth."""
    rows = lake.read(ALTERNATIVES, AS_OF)
    row = rows[(rows["promotion_id"] == promotion_id) & rows["depth"].round(1).eq(depth)].iloc[0]
    return {name: row[name] for name in ("offer", "mechanic", "depth", "support")}


def edit(line, choice=None):
    return {"product_id": line["product_id"], "week": str(line["starts_at"].date())} | {
        "choice": choice
    }


def test_a_vetoed_promotion_is_out_and_the_plan_is_solved_again_around_it(shop):
    shop()
    version = write_plan(AS_OF)
    before, best = plan(), summary()
    line = before.loc[before["incremental_margin"].idxmax()]
    vetoed = [edit(line)]

    preview = compare(AS_OF, Scenario(edits=read_edits(vetoed)))

    assert line["promotion_id"] not in set(preview.lines["promotion_id"])
    assert len(preview.lines) >= len(before)
    assert preview.categories.loc["all", "incremental_margin_more"] <= 0
    assert write_plan(AS_OF, edits=read_edits(vetoed)) == preview.plan_version != version
    assert summary()["edits"] == vetoed
    assert summary()["objective"] <= best["objective"]


def test_a_changed_promotion_stands_in_the_plan_as_it_was_asked(shop):
    shop()
    write_plan(AS_OF)
    line = plan().iloc[0]
    depth = 0.1 if round(line["depth"], 1) != 0.1 else 0.2

    write_plan(AS_OF, edits=read_edits([edit(line, option(line["promotion_id"], depth))]))

    found = plan().set_index("promotion_id").loc[line["promotion_id"]]
    assert round(found["depth"], 1) == depth


def test_alternatives_hold_every_offer_with_its_price_and_the_limit_that_forbids_it(shop):
    shop(margin_floor=0.3)

    write_plan(AS_OF)

    rows = lake.read(ALTERNATIVES, AS_OF)
    assert set(rows["promotion_id"]) == set(plan()["promotion_id"])
    assert rows.groupby("promotion_id").size().eq(3).all()
    floor = 0.3 * rows["promo_price"]
    unit_cost = plan().set_index("promotion_id")["unit_cost"]
    above = rows["promo_price"] - rows["promotion_id"].map(unit_cost) >= floor - 1e-9
    assert not above.all()
    assert (rows["ruled_out_by"].eq("margin_floor") == ~above).all()
    chosen = rows.merge(plan(), on=["promotion_id", "mechanic", "depth"])
    assert len(chosen) == len(plan())
    assert chosen["ruled_out_by"].isna().all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"product_id": "fuel"}, "product fuel .* cannot be edited"),
        ({"week": "2018-12-03"}, "week of 2018-12-03 cannot be edited"),
        (
            {"choice": {"offer": 0, "mechanic": "flash", "depth": 0.1, "support": "none"}},
            "changed since",
        ),
        ({"depth": 0.5}, "the edits: .*depth"),
    ],
)
def test_an_edit_of_what_is_not_planned_is_refused(shop, changed, said):
    shop()
    write_plan(AS_OF)

    with pytest.raises(PolicyError, match=said):
        write_plan(AS_OF, edits=read_edits([edit(plan().iloc[0]) | changed]))


def test_an_edit_to_terms_that_the_policy_forbids_is_refused(shop):
    shop(margin_floor=0.3)
    write_plan(AS_OF)
    rows = lake.read(ALTERNATIVES, AS_OF)
    forbidden = rows[rows["ruled_out_by"].notna()].iloc[0]
    lines = plan()
    line = lines[lines["promotion_id"] == forbidden["promotion_id"]].iloc[0]
    asked = edit(line, option(line["promotion_id"], round(forbidden["depth"], 1)))

    with pytest.raises(PolicyError, match=r"a limit of policy\.yml forbids it"):
        write_plan(AS_OF, edits=read_edits([asked]))


def test_two_edits_of_one_place_are_refused():
    line = {"product_id": "p0", "week": "2017-12-04"}

    with pytest.raises(PolicyError, match="twice"):
        read_edits([line, line])


EVERY = {
    "percent_off": {"depths": [0.1, 0.2, 0.3]},
    "buy_get": {"offers": [{"buy": 1, "get": 1, "depth": 0.5}]},
    "spend_save": {"offers": [{"spend": 30, "save": 1}]},
    "bundle": {"depths": [0.2]},
    "gift": {"buy": [2]},
    "flash": {"depths": [0.1], "weekday": 6, "from_hour": 10, "to_hour": 16},
}


@pytest.mark.parametrize(
    ("mechanic", "terms"),
    [
        ("buy_get", {"buy_qty", "get_qty", "get_depth"}),
        ("spend_save", {"threshold_amount", "discount_amount"}),
        ("bundle", {"bundle_id", "bundle_product_id"}),
        ("gift", {"buy_qty", "get_qty", "gift_product_id"}),
        ("flash", set()),
    ],
)
def test_each_mechanic_writes_its_own_terms_and_passes_the_gate(shop, monkeypatch, mechanic, terms):
    monkeypatch.setattr(percent_off, "offers", lambda *_: [])
    allowed = {"percent_off": {"depths": [0.05]}, mechanic: EVERY[mechanic]}
    shop(mechanics=allowed, most_from_priors=1.0)
    responses = lake.read(RESPONSES, AS_OF)
    responses["elasticity"] = -3.0 if mechanic == "buy_get" else -6.0
    responses.loc[responses["product_id"] == "p5", "regular_price"] = 0.99  # a cheap gift
    lake.write(RESPONSES, AS_OF, responses)

    write_plan(AS_OF)
    gate_plan(AS_OF)

    lines = plan()
    assert len(lines) > 0
    assert set(lines["mechanic"]) == {mechanic}
    assert {name for name in TERMS if lines[name].notna().all()} == terms
    assert lines[sorted(set(TERMS) - terms)].isna().all().all()
    assert f"mechanics.{mechanic}" in json.loads(lines["reasons"][0])["assumed"]
    hours = (lines["ends_at"] - lines["starts_at"]) / pd.Timedelta(hours=1)
    assert set(hours) == ({6.0} if mechanic == "flash" else {168.0})
    assert set(lines["starts_at"].dt.strftime("%a %H")) == {
        "Sat 10" if mechanic == "flash" else "Mon 00"
    }


def test_among_all_mechanics_the_plan_earns_no_less(shop):
    shop()
    write_plan(AS_OF)
    alone = summary()["objective"]

    shop(mechanics=EVERY)
    write_plan(AS_OF)

    assert summary()["objective"] >= alone
    assert sum(summary()["promotions_by_mechanic"].values()) == len(plan())


def another_price(lines):
    return lines.assign(promo_price=lines["promo_price"].where(lines.index > 0, 1.23))


def a_lower_cost(lines):
    return lines.assign(cost=lines["cost"].where(lines.index > 0, 0.01))


BROKEN = {
    r"the week of 2017-12-\d\d: \d promotions, most 2": {"slots_per_week": 2},
    r"the week of .*: spends .* of 9\.0000": {"week_budgets": {"default": 9.0}},
    r"HAM: spends .* of 9\.0000": {"category_budgets": {"HAM": 9.0}},
    "products p9: must be promoted, is not": {"must_promote": ["p9"]},
    "p3-.* is none of the day's options": {"exclude": ["p3"]},
    "promoted together in the week of": {"never_together": [GOOD]},
    "promoted apart from its group": {"move_together": [GOOD[:5]]},
    "lasts 1 weeks, not": {"duration_weeks": Duration(least=2, most=2)},
    "HAM in the week of .*: . promotions, most 1": {"slots_by_category": {"ham": 1}},
}


def test_each_limit_is_counted_on_the_rows_of_a_plan_made_without_it(shop):
    shop(exclude=["p9"])
    write_plan(AS_OF)
    policy, lines = load_policy(), plan()

    assert broken_limits(AS_OF, lines, policy, 250.0) == []
    for said, limit in BROKEN.items():
        told = policy.model_copy(update={"exclude": []} | limit)
        assert re.search(said, "; ".join(broken_limits(AS_OF, lines, told, 250.0)))
    assert "the plan: spends" in broken_limits(AS_OF, lines, policy, 9.0)[0]


def test_a_row_that_is_not_as_planned_does_not_pass_the_gate(shop):
    shop()
    write_plan(AS_OF)
    lines, policy = plan(), load_policy()
    other = lines.assign(promo_price=lines["promo_price"].where(lines.index > 0, 1.23))

    assert "is none of the day's options" in broken_limits(AS_OF, other, policy, 250.0)[0]
    lake.write(PLAN, AS_OF, lines.assign(cost=lines["cost"].where(lines.index > 0, 0.01)))
    with pytest.raises(GateError, match=r"cost is 0\.01, expected"):
        gate_plan(AS_OF)
    assert not gate_verdict(AS_OF)["passed"]


def test_a_solver_that_breaks_a_limit_gets_nothing_written(shop, monkeypatch):
    def careless(problem):
        return solve(replace(problem, slots=problem.slots + 3))

    shop(slots_per_category_week=2)
    monkeypatch.setattr("ml.promotions.plan.solve", careless)

    with pytest.raises(GateError, match=r"(HAM|SALAMI) in the week of .*: \d promotions, most 2"):
        write_plan(AS_OF)
    assert lake.partitions(PLAN) == []


def test_limits_that_were_set_are_kept_together(shop):
    shop(
        slots_per_week=5,
        week_budgets={"default": 40.0, str(WEEKS[1]): 5.0},
        category_budgets={"ham": 60.0},
        slots_by_category={"SALAMI": 2},
        move_together=[["p6", "p7"]],
        never_together=[["p1", "p2"]],
        must_promote=["p9"],
        exclude=["p3"],
        duration_weeks={"least": 1, "most": 2},
        price_ending=[0.09, 0.05],
    )

    write_plan(AS_OF)

    lines = plan()
    assert broken_limits(AS_OF, lines, load_policy(), 250.0) == []
    spent = lines.groupby("starts_at")["cost"].sum()
    assert spent.max() <= 40.0
    assert spent.get(pd.Timestamp(WEEKS[1]), 0.0) <= 5.0
    assert lines.loc[lines["category"] == "HAM", "cost"].sum() <= 60.0
    assert "p9" in set(lines["product_id"])
    assert "p3" not in set(lines["product_id"])
    assert {limit["limit"] for limit in summary()["limits"]} >= {"week_budget"}
    assert all(point["budget"] > 0 for point in summary()["frontier"])


def test_announced_weeks_stay_in_the_next_days_plan(shop):
    shop()
    write_plan(AS_OF)
    version, first = publish_by_hand(), plan()
    shop(frozen_weeks=2, budget=120.0)
    write_plan(AS_OF)
    assert plan()["cost"].sum() < first["cost"].sum()  # as of the same day nothing is announced
    before = settings().published / version
    before.rename(before.with_name(f"2017-12-01{version[10:]}"))
    (settings().published / "history.jsonl").write_text(
        json.dumps({"action": "publish", "plan_version": f"2017-12-01{version[10:]}"}) + "\n"
    )

    write_plan(AS_OF)
    assert broken_limits(AS_OF, plan(), load_policy(), 120.0) == []

    frozen = pd.Timestamp(WEEKS[2])
    kept = plan().loc[plan()["starts_at"] < frozen, ["promotion_id", "promo_price", "support"]]
    asked = first.loc[first["starts_at"] < frozen, ["promotion_id", "promo_price", "support"]]
    assert len(kept) > 0
    assert kept.to_numpy().tolist() == asked.to_numpy().tolist()
    assert lake.manifest(PLAN, AS_OF).inputs["published_schedule"].startswith("2017-12-01")
    assert summary()["announced_withdrawn"] == []


def publish_by_hand():
    """The plan as a published version's schedule; returns its version."""
    lines = plan()
    version = lines["plan_version"].iloc[0]
    folder = settings().published / version
    folder.mkdir(parents=True)
    lines.to_parquet(folder / "schedule.parquet")
    (folder / "manifest.json").write_text("{}")
    return version
