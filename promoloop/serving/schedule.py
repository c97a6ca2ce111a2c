"""One published version, read whole and checked, then never changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.offers import MEMBERS_FILE, OFFERS_FILE
from ml.contracts.outputs import DEAL_TERMS
from ml.contracts.profiles import EVERYBODY
from ml.errors import LakeError
from ml.quoting.promotions import Promotion, instant, localised, read_promotion
from ml.releases import store
from ml.releases.schedule import SCHEDULE
from promoloop.serving.rows import Rows

NOBODY = pa.table({"customer_id": pa.array([], "string"), "audience_id": pa.array([], "string")})
COLUMNS = (
    "promotion_id",
    "product_id",
    "mechanic",
    "depth",
    *DEAL_TERMS,
    "support",
    "audience_id",
    "store_group",
    "max_redemptions",
    "per_customer_limit",
    "regular_price",
    "promo_price",
)
TIMES = ("starts_at", "ends_at")
OFFERED = ("offer_rank", "promotion_id", "product_id")
FOR_ALL = f"(from schedule where audience_id = '{EVERYBODY}')"
OTHER_VERSION = "select plan_version from schedule where plan_version <> ? limit 1"
OVERLAPPING = """
    select product_id
    from (
        select product_id, starts_at, lag(ends_at) over product as until
        from schedule
        window product as (partition by product_id order by starts_at)
    )
    where starts_at < until
    limit 1
"""


@dataclass(frozen=True)
class Schedule:
    """The promotions by product, the offers and audiences by customer, as JSON lists.

    `for_all` are the promotions that all customers may have.
    `digest` is the SHA-256 of the manifest they were checked with; `segments` are the audiences
    beside all that anybody belongs to, none in a release without members.
    Costs, margins and reasons stay in the release: shops get what shoppers may know.
    """

    version: str
    digest: str
    lines: int
    promotions: Rows
    for_all: Rows
    offers: Rows
    members: Rows
    segments: frozenset[str]

    def audiences(self, customer_id: str) -> list[str]:
        """Whose promotions the customer may have; `all` for somebody unknown, too."""
        return [EVERYBODY, *json.loads(self.members.listed(customer_id))]

    def of_product(self, product_id: str) -> list[dict[str, Any]]:
        """The product's promotions, the earliest first."""
        return list(json.loads(self.promotions.listed(product_id)))

    def of_customer(self, customer_id: str) -> list[dict[str, Any]]:
        """The customer's offers, the first to be shown first, each with its promotion."""
        offers = json.loads(self.offers.listed(customer_id))
        return [{**offer, "promotion": self._promotion(offer)} for offer in offers]

    def in_force(self, product_id: str, at: datetime, zone: ZoneInfo) -> Promotion | None:
        """The product's promotion at a time, whoever may have it."""
        rows = (row for row in self.of_product(product_id) if is_in_force(row, at, zone))
        return next((read_promotion(row, zone) for row in rows), None)

    def _promotion(self, offer: dict[str, Any]) -> dict[str, Any]:
        rows = self.of_product(offer["product_id"])
        return next(row for row in rows if row["promotion_id"] == offer["promotion_id"])


def is_in_force(row: dict[str, Any], at: datetime, zone: ZoneInfo) -> bool:
    starts, ends = (instant(row[name], zone) for name in TIMES)
    return starts <= localised(at, zone) < ends


def load(version: str) -> Schedule:
    """Read a published version from the very bytes that its manifest names.

    Raises:
        LakeError: a file is missing or was changed, or what the version says cannot be served
            as one plan.
        OSError, ValueError, KeyError: there is no manifest, or it is no manifest.
    """
    folder = store.folder(version)
    manifest = manifest_bytes(version)
    digests = {file["name"]: file["sha256"] for file in json.loads(manifest)["files"]}
    schedule, offers = (_verified(folder, name, digests) for name in (SCHEDULE, OFFERS_FILE))
    members = _verified(folder, MEMBERS_FILE, digests) if MEMBERS_FILE in digests else NOBODY
    if missing := [name for name in (*COLUMNS, *TIMES) if name not in schedule.column_names]:
        raise LakeError(
            f"release {version} lacks the columns {missing} of the plan's contract; plan and "
            "publish its day again, or roll back to a version that has them"
        )
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute("set enable_progress_bar = false")
        database.register("schedule", schedule)
        database.register("offers", offers)
        database.register("members", members)
        _require_one_plan(database, version)
        promotions = _rows(database, "schedule", "product_id", _promotion(), "starts_at")
        targeted = set(schedule["audience_id"].unique().to_pylist()) - {EVERYBODY}
        return Schedule(
            version=version,
            digest=digest(manifest),
            lines=len(schedule),
            promotions=promotions,
            for_all=(
                _rows(database, FOR_ALL, "product_id", _promotion(), "starts_at")
                if targeted
                else promotions
            ),
            offers=_rows(database, "offers", "customer_id", _struct(OFFERED), "offer_rank"),
            members=_rows(database, "members", "customer_id", "audience_id", "audience_id"),
            segments=frozenset(members["audience_id"].unique().to_pylist()),
        )


def manifest_bytes(version: str) -> bytes:
    return (store.folder(version) / lake.MANIFEST).read_bytes()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _verified(folder: Path, name: str, digests: dict[str, str]) -> pa.Table:
    path = folder / name
    if name not in digests or not path.is_file():
        raise LakeError(f"{path} is missing or its manifest does not name it; publish again")
    data = path.read_bytes()
    if digest(data) != digests[name]:
        raise LakeError(
            f"{path} is not what its manifest names; roll back to another version, or move "
            f"{folder} away and publish again"
        )
    return pq.read_table(pa.BufferReader(data), use_threads=False)


def _require_one_plan(database: duckdb.DuckDBPyConnection, version: str) -> None:
    if other := database.execute(OTHER_VERSION, [version]).fetchone():
        raise LakeError(f"release {version} holds lines of plan {other[0]}; publish again")
    if double := database.execute(OVERLAPPING).fetchone():
        raise LakeError(
            f"release {version} has two promotions of product {double[0]} at one time, which no "
            "till can combine; mend the plan and publish again"
        )


def _rows(
    database: duckdb.DuckDBPyConnection, table: str, key: str, value: str, order: str
) -> Rows:
    query = f"select {key}, to_json({value})::varchar from {table} order by {key}, {order}"
    return Rows(database.execute(query).to_arrow_table())


def _promotion() -> str:
    times = {name: f"strftime({name}, '%Y-%m-%dT%H:%M:%S')" for name in TIMES}
    return _struct(COLUMNS, times)


def _struct(names: tuple[str, ...], more: dict[str, str] | None = None) -> str:
    terms = {name: name for name in names} | (more or {})
    return "{" + ", ".join(f"{name}: {term}" for name, term in terms.items()) + "}"
