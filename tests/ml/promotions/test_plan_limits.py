"""Every limit of the policy is kept, and counted again on the plan's rows."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest
from small_shop import AS_OF, GOOD, WEEKS, broken, plan, summary

from ml import lake
from ml.config.policy import Duration, load_policy
from ml.contracts.outputs import PLAN
from ml.errors import GateError
from ml.promotions.gate import gate_plan
from ml.promotions.gate_verdict import gate_verdict
from ml.promotions.plan import write_plan
from ml.settings import settings
from ml.solver.solve import solve

BROKEN = {
    r"the week of 2017-12-\d\d: \d promotions, at most 2": {"slots_per_week": 2},
    r"the week of .*: spends .* of 9\.0000": {"week_budgets": {"default": 9.0}},
    r"HAM: spends .* of 9\.0000": {"category_budgets": {"HAM": 9.0}},
    "products p9: must be promoted, is not": {"must_promote": ["p9"]},
    "p3-.* is none of the day's options": {"exclude": ["p3"]},
    "promoted together in the week of": {"never_together": [GOOD]},
    "promoted apart from its group": {"move_together": [GOOD[:5]]},
    "lasts 1 weeks, not": {"duration_weeks": Duration(least=2, most=2)},
    "HAM in the week of .*: . promotions, at most 1": {"slots_by_category": {"ham": 1}},
}


def test_each_limit_is_counted_on_the_rows_of_a_plan_made_without_it(shop):
    shop(exclude=["p9"])
    write_plan(AS_OF)
    policy, lines = load_policy(), plan()

    assert broken(lines, policy) == []
    for words, limit in BROKEN.items():
        changed = policy.model_copy(update={"exclude": []} | limit)
        assert re.search(words, "; ".join(broken(lines, changed)))
    assert "the plan: spends" in broken(lines, policy, budget=9.0)[0]


def test_a_row_that_is_not_as_planned_does_not_pass_the_gate(shop):
    shop()
    write_plan(AS_OF)
    lines, policy = plan(), load_policy()
    other = lines.assign(promo_price=lines["promo_price"].where(lines.index > 0, 1.23))

    assert "is none of the day's options" in broken(other, policy)[0]
    lake.write(PLAN, AS_OF, lines.assign(cost=lines["cost"].where(lines.index > 0, 0.01)))
    with pytest.raises(GateError, match=r"cost is 0\.01, expected"):
        gate_plan(AS_OF)
    assert not gate_verdict(AS_OF)["passed"]


def test_a_solver_that_breaks_a_limit_gets_nothing_written(shop, monkeypatch):
    def careless(problem):
        return solve(replace(problem, slots=problem.slots + 3))

    shop(slots_per_category_week=2)
    monkeypatch.setattr("ml.promotions.planning.propose.solve", careless)

    with pytest.raises(
        GateError, match=r"(HAM|SALAMI) in the week of .*: \d promotions, at most 2"
    ):
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
    assert broken(lines, load_policy()) == []
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
    assert broken(plan(), load_policy()) == []

    frozen = pd.Timestamp(WEEKS[2])
    later = plan()[plan()["starts_at"] >= frozen]
    assert "announced, and is neither planned nor withdrawn" in broken(later, load_policy())[0]
    other = plan().assign(support="none" if plan()["support"].iloc[0] != "none" else "display")
    assert "not as it was announced" in "; ".join(broken(other, load_policy()))
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
