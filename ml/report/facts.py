"""What the report is made of: one read of the lake, before anything is drawn."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from ml import lake
from ml.config.assumptions import load_assumptions
from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.contracts.outputs import (
    AFFINITY_QUALITY,
    DIM_AUDIENCES,
    DRIFT,
    EFFECTS,
    EXPLANATIONS,
    FORECASTS,
    LEVEL_FORECASTS,
    PLAN,
    STOCK,
)
from ml.contracts.plan_summary import PlanSummary
from ml.contracts.sources import SOURCES
from ml.demand.scores import scores_path
from ml.promotions.gate_verdict import gate_verdict
from ml.promotions.plan import read_summary
from ml.releases import store
from ml.releases.history import live_before
from ml.releases.schedule import read_schedule
from ml.report.customers import People, read_people
from ml.report.product_names import product_names, products_named
from ml.report.shared_tables import SharedTables, read_if_written
from ml.sources import incoming
from ml.weeks import monday_of


@dataclass(frozen=True)
class Facts:
    """The frames are rows of their contracts, those of planned products only.

    `plan` and `before` have a `week` too: the Monday of the week they start in. `levels` are the
    forecasts added up, `sums` the units that the same products sold in past weeks.
    """

    as_of: date
    version: str
    plan: pd.DataFrame
    summary: PlanSummary
    names: dict[str, str]
    history: pd.DataFrame
    forecasts: pd.DataFrame
    levels: pd.DataFrame
    sums: pd.DataFrame
    responses: pd.DataFrame
    explanations: pd.DataFrame
    stock: pd.DataFrame
    assumptions_version: int
    landed: dict[str, dict[str, Any]]
    gate: dict[str, Any]
    affinity: pd.DataFrame
    audiences: pd.DataFrame
    people: dict[str, People]
    backtest: dict[str, float]
    drift: pd.DataFrame
    effects: pd.DataFrame
    before: pd.DataFrame | None
    before_version: str | None


def read_facts(as_of: date, tables: SharedTables) -> Facts:
    """The facts of as_of, from `tables` and what the report alone reads."""
    plan = tables.plan.assign(week=monday_of(tables.plan["starts_at"]))
    planned = plan["product_id"].unique()
    before_version = next(iter(live_before(as_of)), None)
    before = read_schedule(store.folder(before_version)) if before_version else None
    demand = lake.manifest(PLAN, as_of).models.get("demand")
    named = pd.unique(
        pd.concat([products_named(plan), *([] if before is None else [products_named(before)])])
    )
    weekly, forecasts = lake.read(FCT_PRODUCT_WEEKS, as_of, HISTORY), lake.read(FORECASTS, as_of)
    return Facts(
        as_of=as_of,
        version=", ".join(plan["plan_version"].unique()),
        plan=plan,
        summary=read_summary(as_of),
        names=product_names(_of(named, tables.products)),
        history=_of(planned, weekly),
        forecasts=_of(planned, forecasts),
        levels=read_if_written(LEVEL_FORECASTS, as_of),
        sums=sold(_of(forecasts["product_id"].unique(), weekly), tables.products),
        responses=_of(planned, tables.responses),
        explanations=_of(planned, read_if_written(EXPLANATIONS, as_of)),
        stock=_of(planned, lake.read(STOCK, as_of)),
        assumptions_version=load_assumptions().version,
        landed=_landed(as_of),
        gate=gate_verdict(as_of),
        affinity=read_if_written(AFFINITY_QUALITY, as_of),
        audiences=read_if_written(DIM_AUDIENCES, as_of),
        people=read_people(as_of, tables),
        backtest=_json(scores_path(demand)) if demand else {},
        drift=read_if_written(DRIFT, as_of),
        effects=read_if_written(EFFECTS, as_of),
        before=before,
        before_version=before_version,
    )


HISTORY = ["product_id", "week_start_date", "units", "depth"]


def sold(weekly: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Units a week by category, and in total: `level`, `name`, `week_start_date`, `units`."""
    rows = weekly.merge(products[["product_id", "category"]], on="product_id", validate="m:1")
    category = rows.rename(columns={"category": "name"}).assign(level="category")
    both = pd.concat([category, rows.assign(level="total", name="total")])
    by = ["level", "name", "week_start_date"]
    return both.groupby(by, as_index=False)[["units"]].sum()


def _landed(as_of: date) -> dict[str, dict[str, Any]]:
    """What the landing gate accepted and quarantined, for tables that come by the day.

    The others are whole snapshots, which tell of the source rather than of this day.
    """
    daily = {table.name for table in SOURCES if table.day_column}
    landed = _json(incoming.folder(as_of) / "gated.json")
    return {table: counts for table, counts in landed.items() if table in daily}


def _of(product_ids: Any, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["product_id"].isin(product_ids)].reset_index(drop=True)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
