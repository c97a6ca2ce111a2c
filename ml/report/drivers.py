"""What moves a planned week's forecast, as factors on what the product usually sells."""

import json
from dataclasses import dataclass
from math import exp

import pandas as pd

from ml.report.facts import Facts

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
    told = [(WORDS.get(name) or str(name), value) for name, value in parts.items()]
    moves = [*sorted(told, key=lambda move: (-abs(move[1]), move[0])), *_planned(best)]
    return Story(
        usual=exp(level),
        drivers=[Driver(label, exp(v)) for label, v in moves if abs(v) >= WORTH_TELLING],
        expected=float(best["expected_units"]),
    )


def _planned(best: pd.Series) -> list[tuple[str, float]]:
    """What the promotion's offer and supports add, and the stock takes; none for older plans."""
    mechanic = str(best["mechanic"]).replace("_", " ")
    offer = "this discount" if best["mechanic"] == "percent_off" else f"this {mechanic}"
    moves = json.loads(best["reasons"]).get("moves", {})
    words = {"offer": offer} | PLANNED
    return [(words[name], moves[name]) for name in words if name in moves]
