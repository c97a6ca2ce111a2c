"""What the page shows of a plan, read from the files of its sealed release alone."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ml import lake
from ml.contracts.outputs import PLAN
from ml.contracts.plan_summary import PlanSummary
from ml.contracts.reasons import Reasons
from ml.publishing.release_files import DOSSIER, PRODUCTS
from ml.releases import history, store
from ml.releases.changes import difference
from ml.releases.proposed import release_of, review_of
from ml.releases.schedule import read_schedule

SHOWN = (
    "promotion_id",
    "product_id",
    "category",
    "week",
    "mechanic",
    "depth",
    "support",
    "audience_id",
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
    *("mechanic", "depth", "support", "audience_id", "promo_price", "regular_price", "buy_qty"),
    *("get_qty", "get_depth", "threshold_amount", "discount_amount", "incremental_margin", "cost"),
)
DIGITS = 4
NOTHING = pd.DataFrame(columns=[*PLAN.column_names, "week"])
# What a change of schedule means for the version that was live before it.
GONE = {"publish": "superseded", "roll_back": "rolled_back"}


@dataclass(frozen=True)
class Answer:
    """What a browser is sent of a plan, made once for the same files."""

    tag: str
    zipped: bytes


class Release:
    """The files of one sealed release, as they are read once."""

    def __init__(self, folder: Path, seal: str) -> None:
        self.version, self.seal, self.products = folder.name, seal, folder / PRODUCTS
        self.schedule = read_schedule(folder)
        self.dossier = json.loads((folder / DOSSIER).read_text(encoding="utf-8"))
        self.as_of = str(json.loads((folder / lake.MANIFEST).read_text("utf-8"))["as_of"])


class Stamped(NamedTuple):
    """A release's folder and its files' times and sizes: a changed file is another key."""

    folder: Path
    stamps: tuple[tuple[str, int, int], ...]


def index() -> list[dict[str, Any]]:
    """Every reviewed plan, the newest first, with its steps: who did what, when and why."""
    steps, live = _steps(), store.current()
    plans = [_entry(version, steps[version], live) for version in steps if _is_shown(version)]
    return sorted(plans, key=lambda plan: (plan["as_of"], plan["steps"][-1]["at"]), reverse=True)


def is_reviewed(version: str) -> bool:
    """Whether this plan was reviewed, and can be shown."""
    return version in _steps() and _is_shown(version)


def _is_shown(version: str) -> bool:
    return (release_of(version) / PRODUCTS).is_file()


def _entry(version: str, steps: list[dict[str, Any]], live: str | None) -> dict[str, Any]:
    review = review_of(version)
    gone = steps[-1]["action"] if steps[-1]["action"] in GONE.values() else None
    return {
        "version": version,
        "as_of": store.as_of_of(version).isoformat(),
        "state": gone or review.get("state", "published"),
        "live": version == live,
        "proposed_by": review.get("proposed_by"),
        "steps": steps,
    }


def _steps() -> dict[str, list[dict[str, Any]]]:
    """Every version's lines of the audit log; what takes a live one's place is a step of both."""
    by_version: dict[str, list[dict[str, Any]]] = {}
    for step in history.steps():
        by_version.setdefault(step["plan_version"], []).append(step)
        before = step.get("before")
        if before in by_version and before != step["plan_version"]:
            by_version[before].append(
                step | {"action": GONE[step["action"]], "comment": _why(step)}
            )
    return by_version


def _why(step: dict[str, Any]) -> str:
    return f"{step['plan_version']} {step.get('comment', '')}".strip()


def plan(version: str) -> Answer:
    """A plan's calendar beside the live schedule, its totals, frontier and segments.

    Raises:
        LakeError: there is no such release, or its files are not those that were sealed.
    """
    live = store.current()
    return _answer(_stamped(release_of(version)), live and _stamped(store.folder(live)))


@lru_cache(maxsize=8)
def _answer(release: Stamped, live: Stamped | None) -> Answer:
    text = json.dumps(_page_data(_read(release), live), ensure_ascii=False, separators=(",", ":"))
    zipped = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    return Answer(f'"{hashlib.sha256(zipped).hexdigest()[:32]}"', zipped)


def _page_data(release: Release, live: Stamped | None) -> dict[str, Any]:
    lines, removed = _compared(
        release.schedule, read_schedule(live.folder) if live else NOTHING, release.as_of
    )
    changed = lines.reset_index(names="line").query("change == 'changed'")
    dossier = release.dossier
    return {
        "version": release.version,
        "as_of": release.as_of,
        "seal": release.seal,
        "live_version": live.folder.name if live else None,
        "is_live": live is not None and release.version == live.folder.name,
        "currency": dossier["currency"],
        "weeks": dossier["weeks"],
        "names": dossier["names"],
        "summary": PlanSummary.from_dict(dossier["summary"]).to_dict(),
        "segments": dossier["segments"],
        "lines": _columns(lines, (*SHOWN, "change")),
        "before": _columns(changed, ("line", *(f"{name}_before" for name in BEFORE))),
        "removed": _columns(removed, (*KEYS, *(f"{name}_before" for name in BEFORE))),
    }


KEYS = ("product_id", "category_before", "week")


def product(version: str, product_id: str) -> dict[str, Any] | None:
    """The data of one planned product, its promotions and what each could have been."""
    release = _sealed(version)
    details = _line_of(release.products, product_id)
    if details is None:
        return None
    rows = release.schedule[release.schedule["product_id"] == product_id]
    promotions = json.loads(rows.to_json(orient="records", date_format="iso"))
    alternatives = details.pop("alternatives")
    for row in promotions:
        row["week"] = row["week"][:10]
        row["reasons"] = Reasons.from_json(row["reasons"]).to_dict()
        row["alternatives"] = alternatives[row["promotion_id"]]
    return details | {"promotions": promotions}


def _line_of(products: Path, product_id: str) -> dict[str, Any] | None:
    """The line of a product; the others are looked through, not read as JSON."""
    named = f'"product_id":{json.dumps(product_id, ensure_ascii=False)}'.encode()
    with products.open("rb") as lines:
        entries = (json.loads(line) for line in lines if named in line)
        return next((each for each in entries if each["product_id"] == product_id), None)


def _stamped(folder: Path) -> Stamped:
    return Stamped(
        folder,
        tuple(
            (path.as_posix(), path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(folder.rglob("*"))
        ),
    )


def _sealed(version: str) -> Release:
    return _read(_stamped(release_of(version)))


@lru_cache(maxsize=4)
def _read(release: Stamped) -> Release:
    """Read and check the files once, and again when one was changed."""
    return Release(release.folder, store.seal(release.folder))


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
    return both[~gone].reset_index(drop=True), both[gone]


def _columns(rows: pd.DataFrame, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Columns as JSON lists: half the size of rows for thousands of lines."""
    columns: dict[str, list[Any]] = {}
    for name in names:
        values = rows[name]
        if name == "week":
            columns[name] = [str(day.date()) for day in values]
        elif values.dtype == object:
            columns[name] = [None if pd.isna(v) else v for v in values]
        else:
            numbers = np.round(values.to_numpy(float), DIGITS)
            columns[name] = [None if np.isnan(n) else n for n in numbers.tolist()]
    return columns
