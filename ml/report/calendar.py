"""Who is on promotion when: categories over products, by week."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from ml.report.facts import Facts
from ml.report.numbers import count, percent, period
from ml.report.wording import short, terms

SHADES = (0.10, 0.15, 0.20, 0.25, 0.30, 0.40)  # of depth: the shade's upper edges, then one more
SUPPORT_BADGES = {"display": "D", "mailer": "M"}


@dataclass(frozen=True)
class Cell:
    shade: int
    text: str
    badges: str
    title: str


@dataclass(frozen=True)
class Row:
    label: str
    note: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class Group:
    row: Row
    products: list[Row]


@dataclass(frozen=True)
class Calendar:
    weeks: list[str]
    groups: list[Group]
    shades: list[tuple[int, str]]


def calendar(facts: Facts) -> Calendar:
    """Groups by category, those with the most promotions first."""
    weeks = planned_weeks(facts.plan)
    by_category = facts.plan.groupby("category", sort=True)
    sized = sorted(by_category, key=lambda group: (-len(group[1]), group[0]))
    return Calendar(
        weeks=[period(week, week + pd.Timedelta(days=7)) for week in weeks],
        groups=[_group(str(name), rows, weeks, facts.names) for name, rows in sized],
        shades=[(k, _shade_label(k)) for k in range(len(SHADES) + 1)],
    )


def planned_weeks(plan: pd.DataFrame) -> list[datetime]:
    """Every Monday from the first planned week to the last, promoted or not."""
    if plan.empty:
        return []
    days = pd.date_range(plan["week"].min(), plan["week"].max(), freq="7D")
    return [day.to_pydatetime() for day in days]


def shade(depth: float) -> int:
    """0 for the shallowest depths to len(SHADES) for the deepest."""
    return sum(depth > edge + 0.005 for edge in SHADES)


def badges(support: str) -> str:
    parts = support.split("+")
    return "".join(badge for name, badge in SUPPORT_BADGES.items() if name in parts)


def _group(name: str, rows: pd.DataFrame, weeks: list[datetime], names: dict[str, str]) -> Group:
    products = rows.sort_values(["starts_at", "promotion_id"]).groupby("product_id", sort=False)
    head = Row(
        label=name.capitalize(),
        note=_products(rows["product_id"].nunique()),
        cells=[_category_cell(rows[rows["week"] == week]) for week in weeks],
    )
    return Group(
        row=head,
        products=[_product_row(str(pid), part, weeks, names) for pid, part in products],
    )


def _product_row(
    product_id: str, rows: pd.DataFrame, weeks: list[datetime], names: dict[str, str]
) -> Row:
    by_week = {row["week"].to_pydatetime(): row for row in rows.to_dict("records")}
    cells = [_product_cell(by_week[week], names) if week in by_week else None for week in weeks]
    return Row(label=names[product_id], note=product_id, cells=cells)


def _product_cell(row: Mapping[Hashable, Any], names: dict[str, str]) -> Cell:
    marks, off = badges(row["support"]), percent(row["depth"])
    return Cell(
        shade=shade(row["depth"]),
        text=short(row, off),
        badges=marks,
        title=f"{terms(row, f'{off} off', names)}, support: {row['support']}",
    )


def _category_cell(rows: pd.DataFrame) -> Cell | None:
    if rows.empty:
        return None
    mean = float(rows["depth"].mean())
    supported = int((rows["support"] != "none").sum())
    return Cell(
        shade=shade(mean),
        text=count(len(rows)),
        badges=badges("+".join(sorted(rows["support"].unique()))),
        title=f"{len(rows)} promotions, {percent(mean)} off on average, {supported} with support",
    )


def _products(number: int) -> str:
    return f"{count(number)} {'product' if number == 1 else 'products'}"


def _shade_label(k: int) -> str:
    if k == 0:
        return f"up to {percent(SHADES[0])}"
    if k == len(SHADES):
        return f"over {percent(SHADES[-1])}"
    return (
        f"{percent(SHADES[k])}" if SHADES[k] - SHADES[k - 1] < 0.06 else f"to {percent(SHADES[k])}"
    )
