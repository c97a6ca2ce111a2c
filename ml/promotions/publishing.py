"""Publish a plan that passed its gate and was approved, or put an older one back.

`published/<plan_version>/` holds everything a shop system or a category manager reads. It
depends on the plan and its inputs alone: who published it and when is in the audit log.
"""

import getpass
import logging
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS, DIM_PRODUCTS
from ml.contracts.outputs import CANDIDATES, PLAN
from ml.contracts.table import Table
from ml.errors import GateError, LakeError
from ml.promotions import releases
from ml.promotions.clearance import require_approval, require_gate, write_approval
from ml.promotions.feed import merchant_feed
from ml.promotions.naming import product_names, products_named
from ml.promotions.offers import ASSIGNMENTS, OFFERS, allocate_offers
from ml.promotions.report import render_report
from ml.settings import settings

log = logging.getLogger(__name__)


def publish(as_of: date) -> str:
    """Publish the plan of `as_of` and make it live; returns its version.

    A version that is already published is verified and made live again.

    Raises:
        GateError: the plan did not pass its gate, or nobody approved it.
        LakeError: an input is missing, or the published version was changed.
    """
    plan = lake.manifest(PLAN, as_of)
    version = plan_version(as_of)
    require_gate(as_of, version, plan.content_hash)
    require_approval(version, plan.content_hash)
    with releases.locked():
        if version not in releases.versions():
            log.info("Writing release %s", version)
            releases.build(version, partial(_fill, as_of=as_of, version=version))
        _go_live("publish", version)
    return version


def roll_back(version: str) -> None:
    """Make an already published version live again.

    Raises:
        LakeError: the version is not published, or its files were changed.
    """
    with releases.locked():
        _go_live("roll_back", version)


def approve(version: str, by: str, comment: str = "") -> None:
    """Record that a person approved a plan, for these very bytes.

    Raises:
        LakeError: the lake holds no plan of that version.
    """
    as_of = date.fromisoformat(version[:10])
    if plan_version(as_of) != version:
        raise LakeError(
            f"plan {version} is not in the lake; the plan of {as_of} is {plan_version(as_of)}: "
            "approve that one, or plan that day again"
        )
    content_hash = lake.manifest(PLAN, as_of).content_hash
    write_approval(version, content_hash, by, comment)
    with releases.locked():
        releases.record(_entry("approve", version) | {"by": by, "comment": comment})


def plan_version(as_of: date) -> str:
    """The version of the plan in the lake."""
    found = lake.read(PLAN, as_of, ["plan_version"])["plan_version"].unique()
    if not len(found):
        raise GateError(
            f"the plan of {as_of} holds no promotion, so there is nothing to publish and the "
            "live schedule stays; see the plan's summary for the limits that rule all out"
        )
    if len(found) > 1:
        raise LakeError(
            f"{PLAN.uri} as_of={as_of} holds plan versions {sorted(found)}; expected one: "
            "plan that day again"
        )
    return str(found[0])


def _go_live(action: str, version: str) -> None:
    releases.verify(version)
    before = releases.current()
    releases.point_at(version)
    releases.record(_entry(action, version) | {"before": before})
    log.info("%s: %s is live (was %s)", action, version, before or "nothing")


def _fill(folder: Path, as_of: date, version: str) -> None:
    """Write every file of a release into an empty folder, the manifest last."""
    schedule = lake.read(PLAN, as_of)
    products = lake.read(DIM_PRODUCTS, as_of)
    names = product_names(products[products["product_id"].isin(products_named(schedule))])
    offers, assignments = allocate_offers(
        schedule,
        lake.read(CANDIDATES, as_of),
        lake.read(DIM_CUSTOMERS, as_of, ["customer_id", "may_be_targeted"]),
        float(schedule["holdout_share"].max()),
    )
    (folder / "offers").mkdir()
    rows = {
        "schedule.parquet": _write(folder / "schedule.parquet", PLAN, schedule),
        "offers/offers.parquet": _write(folder / "offers/offers.parquet", OFFERS, offers),
        "offers/assignments.parquet": _write(
            folder / "offers/assignments.parquet", ASSIGNMENTS, assignments
        ),
        "schedule.csv": len(schedule),
        "promotions.tsv": len(schedule),
    }
    schedule.to_csv(folder / "schedule.csv", index=False, lineterminator="\n")
    feed = merchant_feed(schedule, names, settings().time_zone)
    (folder / "promotions.tsv").write_text(feed, encoding="utf-8")
    (folder / "report.html").write_text(render_report(as_of), encoding="utf-8")
    (folder / lake.MANIFEST).write_text(
        lake.to_json(_manifest(as_of, version, releases.digests(folder), rows)), encoding="utf-8"
    )


def _manifest(
    as_of: date, version: str, digests: dict[str, str], rows: dict[str, int]
) -> dict[str, Any]:
    plan = lake.manifest(PLAN, as_of)
    inputs = {t.name: lake.manifest(t, as_of).content_hash for t in (CANDIDATES, DIM_CUSTOMERS)}
    return {
        "plan_version": version,
        "as_of": as_of.isoformat(),
        "files": [
            {"name": name, "rows": rows.get(name), "sha256": digest}
            for name, digest in digests.items()
        ],
        "inputs": plan.inputs | inputs | {PLAN.name: plan.content_hash},
        "models": plan.models,
        "code_version": lake.code_version(),
    }


def _write(path: Path, table: Table, frame: pd.DataFrame) -> int:
    rows: pa.Table = lake.conform(table, frame)
    pq.write_table(rows, path, compression="zstd")
    return len(rows)


def _entry(action: str, version: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"action": action, "plan_version": version, "at": now, "by": getpass.getuser()}
