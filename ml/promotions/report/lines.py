"""The plan's table: one line a promotion, and why it is there."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from ml.promotions.report.calendar import badges, shade
from ml.promotions.report.facts import Facts
from ml.promotions.report.numbers import count, period


@dataclass(frozen=True)
class Line:
    row: Mapping[Hashable, Any]
    name: str
    when: str
    shade: int
    badges: str
    reasons: list[tuple[str, str]]


def plan_lines(facts: Facts) -> list[Line]:
    """In the order of the weeks, the largest expected margin first."""
    order = ["starts_at", "incremental_margin", "promotion_id"]
    rows = facts.plan.sort_values(order, ascending=[True, False, True]).to_dict("records")
    return [
        Line(
            row=row,
            name=facts.names[row["product_id"]],
            when=period(row["starts_at"], row["ends_at"]),
            shade=shade(row["depth"]),
            badges=badges(row["support"]),
            reasons=reasons(row["reasons"]),
        )
        for row in rows
    ]


def reasons(text: str) -> list[tuple[str, str]]:
    """The JSON of a promotion's reasons as words: what, and its value."""
    found = json.loads(text)
    pairs = found.items() if isinstance(found, dict) else [("reason", found)]
    return [(_words(key), said(value)) for key, value in pairs]


def said(value: Any) -> str:
    """Any JSON value in a few words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return count(value, 2)
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {said(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "; ".join(said(inner) for inner in value) or "none"
    return "none" if value is None else str(value)


def _words(key: str) -> str:
    return str(key).replace("_", " ")
