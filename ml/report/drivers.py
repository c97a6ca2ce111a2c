"""What drives a planned week's forecast, as factors on what the product usually sells."""

from dataclasses import dataclass
from math import exp

import pandas as pd

from ml.contracts.reasons import Reasons
from ml.report.facts import Facts

LEAST_SHOWN = 0.005  # log units: half a percent
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
PLANNED = {"display": "this display", "mailer": "this mailer", "stock": "the stock"}


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


def story(facts: Facts, best: pd.Series) -> Story | None:
    """How a promotion's expected units come about; None for a forecast without its parts."""
    mine = facts.explanations["product_id"] == best["product_id"]
    week = facts.explanations["week_start_date"] == best["week"].date()
    rows = facts.explanations[mine & week]
    if rows.empty:
        return None
    parts = dict(zip(rows["part"], rows["log_units"], strict=True))
    level = parts.pop("level")
    seen = [(WORDS.get(name) or str(name), value) for name, value in parts.items()]
    effects = [*sorted(seen, key=lambda each: (-abs(each[1]), each[0])), *_planned(best)]
    return Story(
        usual=exp(level),
        drivers=[Driver(label, exp(v)) for label, v in effects if abs(v) >= LEAST_SHOWN],
        expected=float(best["expected_units"]),
    )


def _planned(best: pd.Series) -> list[tuple[str, float]]:
    """What the promotion's deal and supports add, and the stock takes."""
    mechanic = str(best["mechanic"]).replace("_", " ")
    deal = "this discount" if best["mechanic"] == "percent_off" else f"this {mechanic}"
    effects = vars(Reasons.from_json(best["reasons"]).effects)
    words = {"offer": deal} | PLANNED
    return [(words[name], effects[name]) for name in words]
