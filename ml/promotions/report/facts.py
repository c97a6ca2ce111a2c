"""What the report is made of: one read of the lake, before anything is drawn."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import yaml

from ml import lake
from ml.contracts.marts import DIM_PRODUCTS, FCT_PRODUCT_WEEKS
from ml.contracts.outputs import FORECASTS, PLAN, RESPONSES, STOCK
from ml.promotions import releases
from ml.promotions.naming import product_names
from ml.settings import settings


@dataclass(frozen=True)
class Facts:
    """The frames are rows of their contracts, those of planned products only."""

    as_of: date
    version: str
    plan: pd.DataFrame
    summary: dict[str, Any]
    names: dict[str, str]
    history: pd.DataFrame
    forecasts: pd.DataFrame
    responses: pd.DataFrame
    stock: pd.DataFrame
    assumptions: dict[str, Any]
    before: pd.DataFrame | None
    before_version: str | None


def read_facts(as_of: date) -> Facts:
    plan = lake.read(PLAN, as_of)
    planned = plan["product_id"].unique()
    before_version = earlier_version(as_of)
    before = _schedule(before_version) if before_version else None
    named = planned if before is None else pd.concat([plan, before])["product_id"].unique()
    return Facts(
        as_of=as_of,
        version=", ".join(plan["plan_version"].unique()),
        plan=plan,
        summary=_json(settings().lake / "promotions" / "plan_summary" / f"as_of={as_of}.json"),
        names=product_names(_of(named, lake.read(DIM_PRODUCTS, as_of))),
        history=_of(planned, lake.read(FCT_PRODUCT_WEEKS, as_of, HISTORY)),
        forecasts=_of(planned, lake.read(FORECASTS, as_of)),
        responses=_of(planned, lake.read(RESPONSES, as_of)),
        stock=_of(planned, lake.read(STOCK, as_of)),
        assumptions=yaml.safe_load(settings().assumptions_path.read_text(encoding="utf-8")),
        before=before,
        before_version=before_version,
    )


HISTORY = ["product_id", "week_start_date", "units", "depth"]


def earlier_version(as_of: date) -> str | None:
    """The schedule published for the last earlier as-of date; the live one if it had several.

    Never one for the same date: a plan published twice would otherwise differ from itself.
    """
    live = releases.current()
    earlier = [
        (manifest["as_of"], version == live, version)
        for version, manifest in ((v, releases.manifest(v)) for v in releases.versions())
        if manifest["as_of"] < as_of.isoformat()
    ]
    return max(earlier)[2] if earlier else None


def _schedule(version: str) -> pd.DataFrame:
    path = releases.folder(version) / "schedule.parquet"
    return pq.read_table(path).to_pandas(date_as_object=True)


def _of(product_ids: Any, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["product_id"].isin(product_ids)].reset_index(drop=True)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
