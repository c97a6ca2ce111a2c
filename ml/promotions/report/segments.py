"""Who the customers are: one profile a segment, with what sets it apart."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from ml.promotions.report import svg
from ml.promotions.report.facts import Facts
from ml.promotions.report.numbers import count
from ml.promotions.report.svg import Frame

EVERYBODY = "all"
TRAITS = {
    "recency_days": "days since the last visit",
    "visits": "visits",
    "sales": "sales",
    "mean_basket_sales": "basket size",
    "discounted_share": "bought on discount",
    "coupon_share": "baskets with a coupon",
    "price_level": "price level",
    "private_label_share": "private label",
    "concentration": "few categories",
}
WIDEST = 2.0  # standard deviations shown, unless a trait lies further out


@dataclass(frozen=True)
class Segment:
    """A row of DIM_AUDIENCES, its share of all customers, and the chart of its traits."""

    row: dict[str, Any]
    share: float
    traits: Markup


@dataclass(frozen=True)
class Segments:
    """Those of `shown` sum up to `everybody`; none where the day has no audiences."""

    shown: list[Segment]
    everybody: dict[str, Any] | None
    silhouette: float | None
    stability: float | None


def segments(facts: Facts) -> Segments:
    """The segment with the highest mean sales first."""
    rows = facts.audiences.sort_values("audience_id").to_dict("records")
    named: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in rows]
    if not named:
        return Segments([], None, None, None)
    everybody = next(row for row in named if row["audience_id"] == EVERYBODY)
    shown = [
        Segment(row, row["customers"] / everybody["customers"], trait_chart(row))
        for row in named
        if row is not everybody
    ]
    stability = everybody["stability"]
    return Segments(
        shown, everybody, everybody["silhouette"], None if pd.isna(stability) else stability
    )


def trait_chart(row: dict[str, Any]) -> Markup:
    """Standard deviations from the mean of all customers, a bar a trait."""
    traits: dict[str, float] = json.loads(row["traits"])
    shown = [(words, traits[name]) for name, words in TRAITS.items() if name in traits]
    widest = max([WIDEST, *(abs(value) for _, value in shown)])
    frame = Frame(-widest, widest, -0.5, len(shown) - 0.5, left=150, bottom=22)
    marks = [
        svg.stroke(frame, (0, frame.y0), (0, frame.y1), "axis"),
        *(
            svg.text(frame.x(at), frame.height - 6, f"{at:+g} sd" if at else "mean")
            for at in (-WIDEST, 0.0, WIDEST)
        ),
    ]
    for place, (words, value) in enumerate(reversed(shown)):
        marks.append(svg.stroke(frame, (0, place), (value, place), "trait"))
        marks.append(svg.text(frame.left - 6, frame.y(place) + 4, words, anchor="end"))
    told = "; ".join(f"{words} {count(value, 1)}" for words, value in shown)
    return svg.picture(frame, f"{row['audience']}, in standard deviations: {told}", marks)
