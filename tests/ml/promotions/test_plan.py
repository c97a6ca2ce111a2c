"""The plan of a small shop: what it holds, says and leaves out."""

import json

import numpy as np
import pandas as pd
import pytest
from small_shop import AS_OF, GOOD, SUPPORT_COST, WEEKS, plan, summary

from ml import lake
from ml.contracts.marts import DIM_PRODUCTS
from ml.contracts.outputs import DEAL_TERMS, FORECASTS, PLAN, RESPONSES, STOCK
from ml.errors import InfeasibleError, LakeError, PolicyError
from ml.promotions.gate import gate_plan
from ml.promotions.mechanics import percent_off
from ml.promotions.plan import summary_path, write_plan
from ml.promotions.scenario import Scenario, compare


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


@pytest.mark.parametrize("counted", [True, False])
def test_a_product_that_never_sold_is_promoted_where_its_stock_is_counted(shop, counted):
    shop()
    for table in (DIM_PRODUCTS, FORECASTS, RESPONSES, STOCK):
        rows = lake.read(table, AS_OF)
        new = rows[rows["product_id"] == "p0"].assign(product_id="new")
        if table is DIM_PRODUCTS:
            new = new.assign(first_sold_on=None, last_sold_on=None, list_price=3.99)
        if table is STOCK:
            new = new.assign(is_simulated=not counted, available_units=120.0 * counted)
        lake.write(table, AS_OF, pd.concat([rows, new]), models={"demand": "7"})

    write_plan(AS_OF)

    assert ("new" in set(plan()["product_id"])) == counted
    short = summary()["products_excluded"]["stock does not cover a promotion"]
    assert short == (1 if counted else 2)  # one that sells is never in stock
    gate_plan(AS_OF)


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
    assert why["effects"]["offer"] == pytest.approx(-3.0 * np.log(1 - line["depth"]), abs=1e-3)
    assert why["limits"][0]["limit"] == "budget"
    assert why["limits"][0]["shadow_price"] > 0
    assert {"depth", "support", "incremental_margin", "cost"} <= set(why["next_best"])
    assert why["next_best"]["gives_up"] >= 0
    extra = line["expected_units"] - line["baseline_units"]
    assert why["spillovers"]["units_of_other_sales"] == pytest.approx(0.33 * extra, abs=1e-3)
    usual = why["spillovers"]["units_of_other_sales"] * (line["regular_price"] - line["unit_cost"])
    assert why["spillovers"]["margin_of_other_sales"] == pytest.approx(usual, abs=1e-3)
    assert "displacement" in why["assumed"]
    assert ("margin_by_department" in why["assumed"]) == line["cost_is_assumed"]
    assert json.loads(line["model_versions"]) == {"demand": "7"}


def test_the_effects_on_a_rows_units_lead_from_baseline_to_expected(shop):
    shop(supports=["none", "display", "mailer", "display+mailer"])

    write_plan(AS_OF)

    for line in plan().to_dict("records"):
        effects = json.loads(line["reasons"])["effects"]
        log_lift = np.log(line["expected_units"] / line["baseline_units"])
        assert sum(effects.values()) == pytest.approx(log_lift, abs=5e-4)
        assert (effects["display"] > 0) == ("display" in line["support"])
        assert (effects["mailer"] > 0) == ("mailer" in line["support"])
        assert effects["stock"] <= 0


def test_a_line_names_the_demands_and_the_budget_that_bind(shop):
    shop(category_budgets={"SALAMI": 12.0}, must_promote=["p9"])

    write_plan(AS_OF)

    lines = plan()
    reasons = dict(zip(lines["product_id"], map(json.loads, lines["reasons"]), strict=True))
    limits = {
        product: {each["limit"] for each in why["limits"]} for product, why in reasons.items()
    }
    assert {"category_budget", "must_promote"} <= limits["p9"]
    assert not {"category_budget", "must_promote"} & limits["p0"]


def test_in_a_full_week_a_line_names_the_product_whose_place_it_took(shop):
    shop(slots_per_category_week=1)

    write_plan(AS_OF)

    lines = plan()
    promoted = set(zip(lines["product_id"], lines["starts_at"], strict=True))
    places = [json.loads(text)["spillovers"]["instead_of"] for text in lines["reasons"]]
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

    assert set(found.rows["category"]) == {"HAM"}
    assert found.rows["cost"].sum() <= 60.0
    totals = found.categories.loc["all"]
    assert totals["cost_now"] == pytest.approx(plan()["cost"].sum(), abs=0.01)
    margin = found.rows["incremental_margin"].sum() - plan()["incremental_margin"].sum()
    assert totals["incremental_margin_more"] == pytest.approx(margin, abs=0.01)
    assert pd.read_csv(found.path)["promotion_id"].tolist() == found.rows["promotion_id"].tolist()
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
    monkeypatch.setattr(percent_off, "deals", lambda *_: [])
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
    assert {name for name in DEAL_TERMS if lines[name].notna().all()} == terms
    assert lines[sorted(set(DEAL_TERMS) - terms)].isna().all().all()
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
