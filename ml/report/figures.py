"""The plan in a handful of numbers, and where its money goes."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from ml.contracts.plan_summary import BindingLimit
from ml.report.calendar import planned_weeks
from ml.report.charts import frontier_chart, week_chart
from ml.report.facts import Facts
from ml.report.numbers import day, percent

CENT = 0.005  # what would be written as nothing


@dataclass(frozen=True)
class Headline:
    """Money in the shop's currency over the whole horizon; gap as a share of the bound."""

    first_day: Any
    last_day: Any
    promotions: int
    products: int
    categories: int
    cost: float
    budget: float
    margin: float
    margin_p10: float
    units: float
    baseline: float
    gap: float

    @property
    def used(self) -> float | None:
        return self.cost / self.budget if self.budget else None

    @property
    def roi(self) -> float | None:
        return self.margin / self.cost if self.cost else None


@dataclass(frozen=True)
class Tally:
    """One bar of a breakdown; `share` of the largest bar in it."""

    label: str
    promotions: int
    cost: float
    margin: float
    share: float


@dataclass(frozen=True)
class Budget:
    weeks: Markup
    frontier: Markup | None
    shadow_price: float | None
    slots: list[BindingLimit]
    exclusions: list[tuple[str, int]]


def headline(facts: Facts) -> Headline:
    plan, summary = facts.plan, facts.summary
    return Headline(
        first_day=None if plan.empty else plan["starts_at"].min(),
        last_day=None if plan.empty else plan["ends_at"].max() - pd.Timedelta(seconds=1),
        promotions=len(plan),
        products=plan["product_id"].nunique(),
        categories=plan["category"].nunique(),
        cost=float(plan["cost"].sum()),
        budget=summary.budget,
        margin=float(plan["incremental_margin"].sum()),
        margin_p10=summary.incremental_margin_p10,
        units=float(plan["incremental_units"].sum()),
        baseline=float(plan["baseline_units"].sum()),
        gap=summary.optimality_gap,
    )


def tallies(facts: Facts) -> dict[str, list[Tally]]:
    """Breakdowns by mechanic, depth (to the nearest 5 %), support and department."""
    plan = facts.plan.assign(
        discount=((facts.plan["depth"] / 0.05).round() * 0.05).round(2),
        support=facts.plan["support"].str.replace("+", " and "),
        mechanic=facts.plan["mechanic"].str.replace("_", " "),
    )
    departments = plan["department"].str.capitalize()
    depths = _tally(plan, "discount")
    return {
        "Mechanic": _tally(plan, "mechanic"),
        "Discount": [Tally(f"about {percent(float(t.label))}", *_rest(t)) for t in depths],
        "Support": _tally(plan, "support"),
        "Department": sorted(
            _tally(plan.assign(department=departments), "department"), key=lambda t: -t.promotions
        )[:8],
    }


def budget_figures(facts: Facts) -> Budget:
    weeks = planned_weeks(facts.plan)
    by_week = facts.plan.groupby("week")[["cost", "incremental_margin"]].sum()
    spent = by_week.reindex(pd.DatetimeIndex(weeks), fill_value=0.0)
    frontier = facts.summary.frontier
    return Budget(
        weeks=week_chart(
            [day(week) for week in weeks],
            spent["cost"].tolist(),
            spent["incremental_margin"].tolist(),
        ),
        frontier=frontier_chart(frontier, facts.summary.budget) if frontier else None,
        shadow_price=_shadow_price(facts),
        slots=[
            limit
            for limit in facts.summary.limits
            if limit.limit == "category_week_slots" and limit.shadow_price >= CENT
        ],
        exclusions=sorted(facts.summary.products_excluded.items(), key=lambda e: -e[1]),
    )


def _tally(plan: pd.DataFrame, column: str) -> list[Tally]:
    sums = plan.groupby(column).agg(
        promotions=("promotion_id", "size"),
        cost=("cost", "sum"),
        margin=("incremental_margin", "sum"),
    )
    largest = max(sums["promotions"], default=1)
    return [
        Tally(str(label), int(n), float(cost), float(margin), float(n / largest))
        for label, n, cost, margin in sums.itertuples()
    ]


def _shadow_price(facts: Facts) -> float | None:
    """What one more unit of money in the budget would add to the expected margin."""
    prices = {limit.limit: limit.shadow_price for limit in facts.summary.limits}
    return prices.get("budget")


def _rest(tally: Tally) -> tuple[int, float, float, float]:
    return tally.promotions, tally.cost, tally.margin, tally.share
