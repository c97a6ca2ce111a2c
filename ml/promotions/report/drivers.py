"""What moves a planned week's forecast, as factors on what the product usually sells."""

from dataclasses import dataclass
from math import exp, log
from typing import Any

import pandas as pd

from ml.promotions.report.facts import Facts

WORTH_TELLING = 0.005  # log units: half a percent
WORDS = {
    "similar_products": "as similar products",
    "recent_sales": "recent sales",
    "past_promotions": "past promotions",
    "rivals": "rivals' promotions",
    "calendar": "calendar",
    "price": "price",
    "regular_price": "regular price",
    "display": "display",
    "mailer": "mailer",
}


@dataclass(frozen=True)
class Driver:
    """A factor on the units of a week."""

    label: str
    factor: float


@dataclass(frozen=True)
class Story:
    """`usual` units a week, times every driver, gives the `expected` units."""

    usual: float
    drivers: list[Driver]
    expected: float


def story(facts: Facts, best: pd.Series, elasticity: float) -> Story | None:
    """How a promotion's expected units come about; None for a forecast without its parts."""
    mine = facts.explanations["product_id"] == best["product_id"]
    week = facts.explanations["week_start_date"] == best["week"].date()
    rows = facts.explanations[mine & week]
    if rows.empty:
        return None
    parts = dict(zip(rows["part"], rows["log_units"], strict=True))
    level = parts.pop("level")
    told = [(WORDS.get(name) or str(name), value) for name, value in parts.items()]
    moves = [*sorted(told, key=lambda move: (-abs(move[1]), move[0])), *_planned(best, elasticity)]
    return Story(
        usual=exp(level),
        drivers=[Driver(label, exp(v)) for label, v in moves if abs(v) >= WORTH_TELLING],
        expected=float(best["expected_units"]),
    )


def _planned(best: pd.Series, elasticity: float) -> list[tuple[str, float]]:
    """The discount's own effect, and what support adds or the stock takes."""
    baseline, expected = float(best["baseline_units"]), float(best["expected_units"])
    if baseline <= 0 or expected <= 0:
        return []
    if best["mechanic"] != "percent_off":
        words = str(best["mechanic"]).replace("_", " ")
        return [(f"this {words}", log(expected / baseline))]
    discount = elasticity * log(1 - float(best["depth"]))
    rest = log(expected / baseline) - discount
    support: Any = best["support"]
    named = "stock" if support == "none" else str(support).replace("+", " and ")
    return [("this discount", discount), (f"this {named}", rest)]
