"""The files of a release: all that a shop system or a category manager reads of a plan.

They depend on the plan and its inputs alone, so the same plan gives the same bytes.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ml import lake
from ml.config.policy import load_policy
from ml.contracts.marts import DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS
from ml.contracts.offers import (
    ASSIGNMENTS,
    ASSIGNMENTS_FILE,
    MEMBERS,
    MEMBERS_FILE,
    OFFERS,
    OFFERS_FILE,
)
from ml.contracts.outputs import CANDIDATES, CUSTOMER_PROPENSITY, PLAN
from ml.contracts.profiles import CUSTOMER_SEGMENTS, EVERYBODY
from ml.contracts.table import Table
from ml.files import to_json
from ml.offers.allocate import allocate_offers
from ml.offers.fatigue import recent_offers
from ml.offers.sensitivity import read_eagerness
from ml.offers.uplift import Bought
from ml.promotions.audiences.members import members
from ml.publishing.feeds.icalendar import promotions_calendar
from ml.publishing.feeds.merchant import merchant_feed
from ml.publishing.review_data import dossier, product_dossiers
from ml.releases import store
from ml.releases.schedule import SCHEDULE
from ml.report import render
from ml.report.facts import read_facts
from ml.report.product_names import product_names, products_named
from ml.report.shared_tables import SharedTables, read_shared_tables
from ml.settings import settings

DOSSIER, PRODUCTS = "dossier.json", "products.jsonl"  # of the review page; one line a product
OFFERED_BY = (CANDIDATES, DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS)


def write_release(folder: Path, as_of: date, version: str, schedule: pd.DataFrame) -> None:
    """Write every file of the release of a plan into an empty folder, the manifest last.

    `schedule` holds the rows of PLAN of as_of.
    """
    tables = read_shared_tables(as_of, schedule)
    products = tables.products
    names = product_names(products[products["product_id"].isin(products_named(schedule))])
    belong = members(tables.segments, tables.customers, float(schedule["holdout_share"].max()))
    offers, assignments = _offers(tables, belong, as_of)
    (folder / "offers").mkdir()
    rows = {
        SCHEDULE: _write(folder / SCHEDULE, PLAN, schedule),
        OFFERS_FILE: _write(folder / OFFERS_FILE, OFFERS, offers),
        ASSIGNMENTS_FILE: _write(folder / ASSIGNMENTS_FILE, ASSIGNMENTS, assignments),
        MEMBERS_FILE: _write(folder / MEMBERS_FILE, MEMBERS, belong),
        "schedule.csv": len(schedule),
        "promotions.tsv": int((schedule["audience_id"] == EVERYBODY).sum()),
    }
    schedule.to_csv(folder / "schedule.csv", index=False, lineterminator="\n")
    zone = settings().time_zone
    for_all = schedule[schedule["audience_id"] == EVERYBODY]
    feed = merchant_feed(for_all, names, zone)
    (folder / "promotions.tsv").write_text(feed, encoding="utf-8")
    agenda = promotions_calendar(schedule, names, zone, version)
    (folder / "promotions.ics").write_bytes(agenda.encode())
    facts = read_facts(as_of, tables)
    (folder / "report.html").write_text(render(facts), encoding="utf-8")
    (folder / DOSSIER).write_text(
        _compact(dossier(facts, offers, tables.segments)), encoding="utf-8"
    )
    lines = (_compact(product) for product in product_dossiers(facts))
    (folder / PRODUCTS).write_text("".join(lines), encoding="utf-8")
    (folder / lake.MANIFEST).write_text(
        to_json(_manifest(as_of, version, store.digests(folder), rows)), encoding="utf-8"
    )


def _offers(
    tables: SharedTables, belong: pd.DataFrame, as_of: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    customers = tables.customers.set_index("customer_id")
    rules = load_policy().offers
    bought = Bought(
        as_of=as_of,
        pairs=tables.purchases,
        first_visit_on=customers["first_visit_on"],
        mailer_lift=tables.responses.set_index("product_id")["mailer_lift"],
        eagerness=read_eagerness(as_of, tables.products),
    )
    return allocate_offers(
        tables.plan,
        lake.read(CANDIDATES, as_of),
        customers.index[customers["may_be_targeted"]].to_series(),
        belong,
        bought,
        recent_offers(as_of, rules.window_weeks),
        rules,
    )


def _manifest(
    as_of: date, version: str, digests: dict[str, str], rows: dict[str, int]
) -> dict[str, Any]:
    plan = lake.manifest(PLAN, as_of)
    scored = as_of in lake.partitions(CUSTOMER_PROPENSITY)
    grouped = (CUSTOMER_SEGMENTS,) if as_of in lake.partitions(CUSTOMER_SEGMENTS) else ()
    offered_by = (*OFFERED_BY, *grouped, *((CUSTOMER_PROPENSITY,) if scored else ()))
    manifests = [lake.manifest(t, as_of) for t in offered_by]
    inputs = {manifest.table: manifest.content_hash for manifest in manifests}
    return {
        "plan_version": version,
        "as_of": as_of.isoformat(),
        "files": [
            {"name": name, "rows": rows.get(name), "sha256": digest}
            for name, digest in digests.items()
        ],
        "inputs": plan.inputs | inputs | {PLAN.name: plan.content_hash},
        "models": plan.models | (manifests[-1].models if scored else {}),
        "code_version": lake.code_version(),
    }


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def _write(path: Path, table: Table, frame: pd.DataFrame) -> int:
    rows: pa.Table = lake.conform(table, frame)
    pq.write_table(rows, path, compression="zstd")
    return len(rows)
