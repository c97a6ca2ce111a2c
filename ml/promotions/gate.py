"""The gate before publishing: the plan against its contract and against the policy.

First each rule of one row, its stock and the policy is an expectation. Then `recount` counts every
limit of the policy on the rows. Neither shares code with the solver, nor states its problem.
"""

from datetime import date, datetime, time

import pandas as pd

from ml import lake
from ml.config.policy import Policy, load_policy
from ml.contracts.outputs import PLAN, STOCK
from ml.contracts.suites import Rule, table_suite
from ml.errors import GateError
from ml.gates.validation import Validation
from ml.promotions.gate_verdict import write_verdict
from ml.promotions.plan import read_summary
from ml.promotions.recount.count import recount
from ml.weeks import monday_of

NAMED = 5  # broken limits that an error names
ROUNDING = 1e-4  # the plan's figures are rounded to four digits


def gate_plan(as_of: date) -> None:
    """Validate the plan of `as_of` and leave the verdict that publishing asks for.

    Raises:
        GateError: the plan breaks its contract, or a limit of the policy.
    """
    summary, policy = read_summary(as_of), load_policy()
    plan, stock = lake.read(PLAN, as_of), lake.read(STOCK, as_of)
    frame = measured(plan, stock, policy)
    rules = policy_rules(policy, summary.budget, as_of)
    validation = Validation("plan", as_of)
    passed = False
    try:
        validation.check(frame, table_suite(PLAN, rules))
        _require_none_broken(as_of, recount(as_of, plan, stock, policy, summary))
        passed = True
    finally:
        write_verdict(as_of, summary.plan_version, passed)
        validation.publish()


def _require_none_broken(as_of: date, broken: list[str]) -> None:
    if broken:
        raise GateError(
            f"the plan of {as_of} breaks {len(broken)} limits and may break none: "
            f"{'; '.join(broken[:NAMED])}; plan the day again"
        )


def measured(plan: pd.DataFrame, stock: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The plan with what the policy limits, counted per row."""
    plan = plan.assign(
        starts_at=plan["starts_at"].astype("datetime64[ns]"),
        ends_at=plan["ends_at"].astype("datetime64[ns]"),
    )
    week = monday_of(plan["starts_at"])
    plan = plan.assign(week=week)
    by_week = plan.sort_values("week").groupby("product_id")["week"]
    apart = (week - by_week.shift()).dt.days / 7
    begins = (apart != 1) | (policy.duration_weeks.most == 1)
    available = stock.set_index(["product_id", "week_start_date"])["available_units"]
    key = pd.MultiIndex.from_arrays([plan["product_id"], week.dt.date])
    own_slots = {name.upper(): slots for name, slots in policy.slots_by_category.items()}
    return plan.assign(
        unit_margin_share=(plan["promo_price"] - plan["unit_cost"]) / plan["promo_price"],
        share_of_regular_price=plan["promo_price"] / plan["regular_price"],
        promotions_of_product=begins.groupby(plan["product_id"]).transform("sum"),
        over_category_slots=plan.groupby(["category", "week"])["week"].transform("size")
        - plan["category"].str.upper().map(own_slots).fillna(policy.slots_per_category_week),
        weeks_since_last=apart.where(begins),
        hours_long=(plan["ends_at"] - plan["starts_at"]).dt.total_seconds() / 3600,
        beyond_priors=plan["margin_from_priors"]
        - policy.most_from_priors * plan["incremental_margin"].clip(lower=0),
        stock_left=available.reindex(key).to_numpy() - plan["max_redemptions"],
        stock_left_at_p90=available.reindex(key).to_numpy() - plan["expected_units_p90"],
    )


def policy_rules(policy: Policy, budget: float, as_of: date) -> list[Rule]:
    """The policy's limits over the columns of `measured`."""
    start = datetime.combine(as_of, time())
    service = policy.stock_service_level
    priors = _maximum("beyond_priors", "too much of the margin rests on priors", ROUNDING)
    return [
        *([priors] if policy.most_from_priors < 1 else []),
        _maximum_sum("cost", f"the total is over the budget of {budget:g}", budget + ROUNDING),
        _minimum("unit_margin_share", "below the margin floor", policy.margin_floor - ROUNDING),
        _maximum("share_of_regular_price", "no cheaper than the regular price", 1.0, strict=True),
        _maximum("promotions_of_product", "too many of a product", policy.maximum_per_product),
        _maximum("over_category_slots", "too many of a category in a week", 0),
        _minimum("weeks_since_last", "too soon after the last", policy.minimum_gap_weeks + 1),
        _minimum("starts_at", f"starts before the as-of date {as_of}", start),
        _minimum("hours_long", "ends before it starts", 1),
        Rule("ExpectColumnValuesToNotBeNull", "stock_left", "no stock known", _of("stock_left")),
        _minimum("stock_left", "may sell more than is in stock", 0),
        _minimum("stock_left_at_p90", "expected to sell more than is in stock", -ROUNDING),
        _maximum(
            "stockout_probability",
            f"stock does not cover demand at {service:g}",
            1 - service + ROUNDING,
        ),
    ]


def _of(column: str) -> dict[str, str]:
    return {"column": column}


def _minimum(column: str, name: str, minimum: float | datetime) -> Rule:
    return Rule("ExpectColumnValuesToBeBetween", column, name, _of(column) | {"min_value": minimum})


def _maximum(column: str, name: str, maximum: float, strict: bool = False) -> Rule:
    bounds = {"max_value": maximum, "strict_max": strict}
    return Rule("ExpectColumnValuesToBeBetween", column, name, _of(column) | bounds)


def _maximum_sum(column: str, name: str, maximum: float) -> Rule:
    return Rule("ExpectColumnSumToBeBetween", column, name, _of(column) | {"max_value": maximum})
