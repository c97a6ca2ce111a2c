"""Who the customers are: one profile a segment, with what sets it apart."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from ml.report import svg
from ml.report.customers import People
from ml.report.facts import Facts
from ml.report.numbers import count, percent
from ml.report.svg import Frame

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
OWN_SHOWN = 6
WIDEST = 2.0  # standard deviations shown, unless a trait lies further out
TICKS = ((-WIDEST, "-2 sd", "middle"), (0.0, "mean", "middle"), (WIDEST, "+2 sd", "end"))


@dataclass(frozen=True)
class Segment:
    """A row of DIM_AUDIENCES, its share of all customers, and the chart of its traits.

    `people` None: the day kept no members; `own`: the promotions for it alone, the most margin
    first, `more` of them are not shown.
    """

    row: dict[str, Any]
    share: float
    traits: Markup
    people: People | None
    own: list[tuple[str, dict[str, Any]]]
    more: int


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
        Segment(
            row,
            row["customers"] / everybody["customers"],
            trait_chart(row),
            facts.people.get(row["audience_id"]),
            *_own(facts, row["audience_id"]),
        )
        for row in named
        if row is not everybody
    ]
    stability = everybody["stability"]
    return Segments(
        shown, everybody, everybody["silhouette"], None if pd.isna(stability) else stability
    )


def _own(facts: Facts, audience_id: str) -> tuple[list[tuple[str, dict[str, Any]]], int]:
    """The first promotions of an audience in words and as rows, and how many more there are."""
    lines = facts.plan[facts.plan["audience_id"] == audience_id]
    order = ["incremental_margin", "promotion_id"]
    first = lines.sort_values(order, ascending=[False, True]).head(OWN_SHOWN)
    rows = [{str(k): v for k, v in row.items()} for row in first.to_dict("records")]
    texts = [f"{facts.names[row['product_id']]}, {percent(row['depth'])} off" for row in rows]
    return list(zip(texts, rows, strict=True)), len(lines) - len(rows)


def trait_chart(row: dict[str, Any]) -> Markup:
    """Standard deviations from the mean of all customers, a bar a trait."""
    traits: dict[str, float] = json.loads(row["traits"])
    shown = [(words, traits[name]) for name, words in TRAITS.items() if name in traits]
    widest = max([WIDEST, *(abs(value) for _, value in shown)])
    frame = Frame(-widest, widest, -0.5, len(shown) - 0.5, left=150, bottom=22)
    marks = [
        svg.stroke(frame, (0, frame.y0), (0, frame.y1), "axis"),
        *(
            svg.text(frame.x(at), frame.height - 6, words, anchor=anchor)
            for at, words, anchor in TICKS
        ),
    ]
    for place, (words, value) in enumerate(reversed(shown)):
        marks.append(svg.stroke(frame, (0, place), (value, place), "trait"))
        marks.append(svg.text(frame.left - 6, frame.y(place) + 4, words, anchor="end"))
    values = "; ".join(f"{words} {count(value, 1)}" for words, value in shown)
    return svg.picture(frame, f"{row['audience']}, in standard deviations: {values}", marks)
