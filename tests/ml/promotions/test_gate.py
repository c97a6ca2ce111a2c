from datetime import date

import pandas as pd
import pytest

from ml import lake
from ml.contracts.outputs import PLAN, STOCK
from ml.contracts.plan_summary import PlanSummary
from ml.errors import GateError
from ml.files import replace_text, to_json
from ml.promotions.gate import gate_plan
from ml.promotions.gate_verdict import gate_verdict
from ml.promotions.plan import summary_path
from ml.settings import settings

AS_OF = date(2026, 3, 4)
WEEKS = [pd.Timestamp("2026-03-09"), pd.Timestamp("2026-03-16"), pd.Timestamp("2026-03-23")]
POLICY = """
mechanics: {percent_off: {depths: [0.2]}}
most_from_priors: 0.25
supports: [none]
support_cost_per_product_week: {none: 0.0}
supported_share: 0.1
budget: 100.0
margin_floor: 0.1
slots_per_category_week: 2
minimum_gap_weeks: 1
maximum_per_product: 2
stock_service_level: 0.9
risk: {measure: mean, aversion: 0, quantile: 0.1, scenarios: [-1, 1]}
price_ending: 0.09
per_customer_limit: 6
holdout_share: 0.1
review: {plans: {auto_approve: true}, models: {auto_approve: true}}
"""


def line(product="tea", week=WEEKS[0], **changed):
    """One promotion that keeps every limit: 10 off 50 left, 5.00 for 4.00, cost 3.00."""
    row = dict.fromkeys(PLAN.column_names) | {
        "plan_version": "v", "as_of": AS_OF, "promotion_id": f"{product}-{week:%d}",
        "product_id": product, "department": "d", "category": "c", "mechanic": "percent_off",
        "depth": 0.2, "support": "none", "audience_id": "all", "store_group": "all",
        "audience_share": 1.0,
        "starts_at": week, "ends_at": week + pd.Timedelta(days=7), "max_redemptions": 20,
        "per_customer_limit": 6, "regular_price": 5.0, "promo_price": 4.0, "unit_cost": 3.0,
        "cost_is_assumed": True, "baseline_units": 5.0, "expected_units": 10.0,
        "expected_units_p10": 5.0, "expected_units_p50": 10.0, "expected_units_p90": 20.0,
        "incremental_units": 5.0, "incremental_margin": 2.0, "incremental_margin_p10": 1.0,
        "margin_from_priors": 0.0, "cost": 40.0, "roi": 0.2, "stockout_probability": 0.05,
        "stock_is_simulated": True, "reasons": "{}", "model_versions": "{}", "holdout_share": 0.1,
    }  # fmt: skip
    return row | changed


@pytest.fixture
def judge(home, tmp_path, monkeypatch):
    path = tmp_path / "policy.yml"
    path.write_text(POLICY)
    monkeypatch.setenv("PROMOLOOP_POLICY_PATH", str(path))
    settings.cache_clear()
    # Rows alone are judged here; tests/ml/promotions/test_plan.py has the tables of a whole day.
    monkeypatch.setattr("ml.promotions.gate.recount", lambda *_: [])

    def write_and_gate(*lines, budget=100.0):
        lake.write(PLAN, AS_OF, pd.DataFrame(lines))
        rest = {column.name: 0 for column in STOCK.columns} | {"is_simulated": True}
        stock = [
            rest | {"product_id": product, "week_start_date": week.date(), "available_units": 50.0}
            for product in ("tea", "cup", "pot")
            for week in WEEKS
        ]
        lake.write(STOCK, AS_OF, pd.DataFrame(stock))
        summary = PlanSummary("v", len(lines), 1, budget, 0.0, 0.0, 0.0, 0.0)
        replace_text(summary_path(AS_OF), to_json(summary.to_dict()))
        gate_plan(AS_OF)

    return write_and_gate


def test_a_plan_at_every_limit_passes(judge):
    """Two of the category in a week, a gap of one week, two of a product, all stock sold."""
    judge(
        line("tea", WEEKS[0], max_redemptions=50, expected_units_p90=50.0, cost=50.0),
        line("cup", WEEKS[0], promo_price=3.34, cost=25.0, stockout_probability=0.1),
        line("tea", WEEKS[2], cost=25.0),
    )

    assert gate_verdict(AS_OF)["passed"]


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([line(cost=101.0)], "over the budget of 100"),
        ([line(promo_price=3.3)], "unit_margin_share: below the margin floor"),
        ([line(promo_price=5.0)], "no cheaper than the regular price"),
        ([line(week=week, cost=1.0) for week in WEEKS], "too many of a product"),
        ([line(p, cost=1.0) for p in ("tea", "cup", "pot")], "too many of a category in a week"),
        ([line(week=week, cost=1.0) for week in WEEKS[:2]], "too soon after the last"),
        ([line(week=pd.Timestamp("2026-03-02"))], "starts before the as-of date"),
        ([line(max_redemptions=51)], "may sell more than is in stock"),
        ([line(expected_units_p90=51.0)], "expected to sell more than is in stock"),
        ([line("gin")], "no stock known"),
        ([line(stockout_probability=0.2)], "stock does not cover demand at 0.9"),
        ([line(depth=0.9)], "depth: below 0 or above 0.7"),
        ([line(mechanic="raffle")], "not one of percent_off, buy_get"),
    ],
)
def test_a_plan_past_a_limit_is_refused_by_that_limits_name(judge, lines, rule):
    with pytest.raises(GateError, match=rule):
        judge(*lines)
    assert not gate_verdict(AS_OF)["passed"]


def test_the_budget_is_the_one_the_run_was_given(judge):
    judge(line(cost=150.0), budget=200.0)

    assert gate_verdict(AS_OF)["passed"]
