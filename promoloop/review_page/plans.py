"""What the page shows of a plan, read from the files of its sealed release alone."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.outputs import PLAN
from ml.promotions import releases
from ml.promotions.contents import DOSSIER
from ml.promotions.difference import difference
from ml.promotions.review import release_of, review_of
from ml.settings import settings

SHOWN = (
    "promotion_id",
    "product_id",
    "category",
    "week",
    "mechanic",
    "depth",
    "support",
    "promo_price",
    "regular_price",
    "buy_qty",
    "get_qty",
    "get_depth",
    "threshold_amount",
    "discount_amount",
    "bundle_product_id",
    "gift_product_id",
    "expected_units",
    "incremental_margin",
    "cost",
    "stockout_probability",
)
BEFORE = (
    *("mechanic", "depth", "support", "promo_price", "regular_price", "buy_qty", "get_qty"),
    *("get_depth", "threshold_amount", "discount_amount", "incremental_margin", "cost"),
)
MONEY = ("incremental_margin", "cost")
DIGITS = 4


def index() -> list[dict[str, Any]]:
    """Every reviewed plan, the newest first, with its steps: who did what, when and why."""
    steps: dict[str, list[dict[str, Any]]] = {}
    history = settings().published / releases.HISTORY
    for line in history.read_text("utf-8").splitlines() if history.is_file() else []:
        step = json.loads(line)
        steps.setdefault(step["plan_version"], []).append(step)
    live = releases.current()
    known = [v for v in steps if (release_of(v) / DOSSIER).is_file()]
    plans = [
        {
            "version": version,
            "as_of": version[:10],
            "state": review_of(version).get("state", "published"),
            "live": version == live,
            "steps": steps[version],
        }
        for version in known
    ]
    return sorted(plans, key=lambda plan: (plan["as_of"], plan["steps"][-1]["at"]), reverse=True)


def plan(version: str) -> dict[str, Any]:
    """A plan's calendar beside the live schedule, its totals, frontier and segments.

    Raises:
        LakeError: there is no such release, or its files are not those that were sealed.
    """
    release = _sealed(version)
    live = releases.current()
    lines, removed = _compared(release.schedule, _live(live), release.as_of)
    dossier = release.dossier
    return {
        "version": version,
        "as_of": release.as_of,
        "seal": release.seal,
        "live_version": live,
        "is_live": version == live,
        "currency": dossier["currency"],
        "weeks": sorted(
            {row["week_start_date"] for p in dossier["products"].values() for row in p["forecast"]}
        ),
        "names": dossier["names"],
        "summary": dossier["summary"],
        "segments": dossier["segments"],
        "lines": _columns(lines, (*SHOWN, "change", *(f"{name}_before" for name in BEFORE))),
        "removed": _columns(removed, (*KEYS, *(f"{name}_before" for name in BEFORE))),
    }


KEYS = ("product_id", "category_before", "week")


def product(version: str, product_id: str) -> dict[str, Any] | None:
    """What is known of one planned product, its promotions and what each could have been."""
    release = _sealed(version)
    known = release.dossier["products"].get(product_id)
    if known is None:
        return None
    rows = release.schedule[release.schedule["product_id"] == product_id]
    told = json.loads(rows.to_json(orient="records", date_format="iso"))
    alternatives = release.dossier["alternatives"]
    for row in told:
        row["week"] = row["week"][:10]
        row["reasons"] = json.loads(row["reasons"])
        row["alternatives"] = alternatives.get(row["promotion_id"], [])
    return known | {"product_id": product_id, "promotions": told}


def edits_of(version: str) -> list[dict[str, Any]]:
    """The edits that a plan was made with."""
    return list(_sealed(version).dossier["summary"].get("edits", []))


class Release:
    """The files of one sealed release, as they are read once."""

    def __init__(self, folder: Path, seal: str) -> None:
        self.seal = seal
        self.schedule = _schedule(folder)
        self.dossier = json.loads((folder / DOSSIER).read_text(encoding="utf-8"))
        self.as_of = str(json.loads((folder / lake.MANIFEST).read_text("utf-8"))["as_of"])


def _sealed(version: str) -> Release:
    folder = release_of(version)
    stamps = tuple(
        (path.as_posix(), path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(folder.rglob("*"))
    )
    return _read(folder, stamps)


@lru_cache(maxsize=4)
def _read(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> Release:
    """Read and check the files once; a changed file has another stamp and is checked anew."""
    return Release(folder, releases.seal(folder))


def _schedule(folder: Path) -> pd.DataFrame:
    """A release's rows; columns that an older one did not have yet are null."""
    rows = pq.read_table(folder / "schedule.parquet").to_pandas(date_as_object=True)
    rows = rows.reindex(columns=PLAN.column_names)
    return rows.assign(week=rows["starts_at"].dt.to_period("W").dt.start_time)


def _live(version: str | None) -> pd.DataFrame:
    if version is None:
        return pd.DataFrame(columns=[*PLAN.column_names, "week"])
    return _schedule(releases.folder(version))


def _compared(
    new: pd.DataFrame, live: pd.DataFrame, as_of: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plan's lines with how each differs, and the live ones that it no longer has.

    A live promotion that ended before the plan's as-of date is no difference.
    """
    still = live[pd.to_datetime(live["ends_at"]) > pd.Timestamp(as_of)]
    still = still.astype({"week": "datetime64[ns]"})
    both = difference(still, new)
    gone = both["change"] == "removed"
    return both[~gone], both[gone]


def _columns(rows: pd.DataFrame, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Columns as JSON lists: half the size of rows for thousands of lines."""
    found: dict[str, list[Any]] = {}
    for name in names:
        values = rows[name]
        if name == "week":
            found[name] = [str(day.date()) for day in values]
        elif values.dtype == object:
            found[name] = [None if pd.isna(v) else v for v in values]
        else:
            numbers = np.round(values.to_numpy(float), DIGITS)
            found[name] = [None if np.isnan(n) else n for n in numbers.tolist()]
    return found
