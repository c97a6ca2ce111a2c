"""What the shop and its categories are expected to sell: the products' forecasts added up."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
from markupsafe import Markup

from ml.report.charts import Fan, fan_chart
from ml.report.facts import Facts
from ml.report.numbers import day

CATEGORIES = 5  # the ones whose promotions cost the most
WEEKS_SHOWN = 26


@dataclass(frozen=True)
class Outlook:
    """A sum's name, the products in it, and its chart of past and coming weeks."""

    name: str
    products: int
    chart: Markup


def outlooks(facts: Facts) -> list[Outlook]:
    """The whole shop's, then those of the categories most is spent on."""
    if facts.levels.empty:
        return []
    spent = facts.plan.groupby("category")["cost"].sum()
    most = sorted(spent.items(), key=lambda item: (-item[1], item[0]))[:CATEGORIES]
    return [_outlook(facts, "total", "total")] + [
        _outlook(facts, "category", str(name)) for name, _ in most
    ]


def _outlook(facts: Facts, level: str, name: str) -> Outlook:
    ahead = _named(facts.levels, level, name)
    past = _named(facts.sums, level, name).tail(WEEKS_SHOWN)
    weeks = list(ahead["week_start_date"])
    plan = facts.plan if level == "total" else facts.plan[facts.plan["category"] == name]
    more = plan.groupby(plan["week"].dt.date)["incremental_units"].sum()
    promoted = {
        week: (expected, expected, expected)
        for week, (monday, mean) in enumerate(zip(weeks, ahead["mean_units"], strict=True))
        if (expected := mean + more.get(monday, 0.0)) != mean
    }
    middle = -(len(past) // 2)
    half = [(middle, day(weeks[0] + timedelta(weeks=middle)))] if middle else []
    fan = Fan(
        past=past["units"].tolist(),
        past_promoted=[False] * len(past),
        quantiles={q: ahead[f"p{q}"].tolist() for q in (10, 30, 50, 70, 90)},
        promoted=promoted,
        labels=[*half, (0, day(weeks[0]))],
    )
    shown = "The shop" if level == "total" else name.capitalize()
    return Outlook(shown, int(ahead["products"].iloc[0]), fan_chart(fan))


def _named(rows: pd.DataFrame, level: str, name: str) -> pd.DataFrame:
    chosen = rows[(rows["level"] == level) & (rows["name"] == name)]
    return chosen.sort_values("week_start_date")
