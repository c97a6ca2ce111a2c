"""What a reviewer needs to see of a plan besides its schedule, as two sealed files.

The dossier holds the plan's totals and budget frontier, and which customers its offers reach; a
line for each planned product its data and what else its promotions could have been.
"""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ml import lake
from ml.contracts.dbt_vars import ON_PROMOTION_DEPTH
from ml.contracts.outputs import ALTERNATIVES
from ml.report.facts import Facts
from ml.settings import settings

WEEKS_SHOWN = 26
SHOWN = 5
QUANTILES = ("p10", "p30", "p50", "p70", "p90")
DIGITS = 4


def dossier(facts: Facts, offers: pd.DataFrame, segments: pd.DataFrame) -> dict[str, Any]:
    """What the review page opens with.

    `offers` are those that the release makes to customers, `segments` rows of CUSTOMER_SEGMENTS.
    """
    return {
        "currency": settings().currency,
        "names": facts.names,
        "weeks": sorted({str(week) for week in facts.forecasts["week_start_date"]}),
        "summary": facts.summary.to_dict(),
        "segments": _segments(facts, offers, segments),
    }


def product_dossiers(facts: Facts) -> Iterator[dict[str, Any]]:
    """What the review page shows of each planned product, by product_id.

    Raises:
        LakeError: the plan's alternatives are missing.
    """
    alternatives = _by(lake.read(ALTERNATIVES, facts.as_of), "promotion_id")
    history = facts.history.sort_values("week_start_date")
    history = history.assign(promoted=history["depth"].fillna(0) > ON_PROMOTION_DEPTH)
    past = _by(history[["product_id", "week_start_date", "units", "promoted"]], "product_id")
    forecasts, stock = facts.forecasts, facts.stock
    ahead = ["product_id", "week_start_date", "mean_units", *QUANTILES]
    levels = ["product_id", "week_start_date", "available_units", "receipts"]
    risks = ["stockout_probability", "days_of_cover", "is_simulated"]
    coming = _by(forecasts[ahead].sort_values("week_start_date"), "product_id")
    stocked = _by(stock[[*levels, *risks]].sort_values("week_start_date"), "product_id")
    responses = _by(facts.responses, "product_id")
    for key, lines in facts.plan.groupby("product_id", sort=True):
        product = str(key)
        yield {
            "product_id": product,
            "history": past.get(product, [])[-WEEKS_SHOWN:],
            "forecast": coming[product],
            "stock": stocked[product],
            "response": responses[product][0],
            "alternatives": {name: alternatives.get(name, []) for name in lines["promotion_id"]},
        }


def _segments(facts: Facts, offers: pd.DataFrame, people: pd.DataFrame) -> list[dict[str, Any]]:
    """Per segment: its customers, those who get offers, and what they are offered most."""
    category = facts.plan.set_index("promotion_id")["category"]
    offered = offers.merge(people, on="customer_id").assign(
        category=lambda rows: rows["promotion_id"].map(category)
    )
    segments = []
    for segment, members in people.groupby("segment", sort=True):
        own = offered[offered["segment"] == segment]
        most = own["category"].value_counts().rename_axis("category").reset_index(name="offers")
        most = most.sort_values(["offers", "category"], ascending=[False, True]).head(SHOWN)
        segments.append(
            {
                "segment": str(segment),
                "customers": len(members),
                "reached": int(own["customer_id"].nunique()),
                "offers": len(own),
                "most_offered": most.to_dict("records"),
            }
        )
    return segments


def _by(rows: pd.DataFrame, column: str) -> dict[str, list[dict[str, Any]]]:
    """Each group's rows without the column, as JSON values: rounded, dates as text, nan as null."""
    rest = rows.drop(columns=column).round(DIGITS)
    for name in rest.columns:
        if rest[name].dtype == object:
            rest[name] = rest[name].map(lambda value: value if pd.isna(value) else str(value))
    records = json.loads(rest.to_json(orient="records"))
    grouped: dict[str, list[dict[str, Any]]] = {}
    for key, row in zip(rows[column], records, strict=True):
        grouped.setdefault(str(key), []).append(row)
    return grouped
