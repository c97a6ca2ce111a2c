"""A shelf of small releases, made and switched by the project's own code."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from ml import lake
from ml.contracts.offers import MEMBERS, OFFERS
from ml.contracts.outputs import PLAN
from ml.contracts.table import Table
from ml.files import to_json
from ml.releases import store
from ml.settings import settings
from promoloop.serving.app import create_app
from promoloop.serving.live import Live

FIRST, SECOND = "2017-12-04-aaaaaaaa", "2017-12-05-bbbbbbbb"
TOKEN = "a token that is long enough"
MONDAYS = pd.to_datetime(["2017-12-04", "2017-12-11"])
ANY = {"string": "all", "double": 0.25, "int64": 1, "bool": True}


def plan_lines(version: str, promo_price: float, products: int = 3) -> pd.DataFrame:
    """Each product is on promotion in two weeks in a row."""
    ids = [str(100 + k) for k in range(products)]
    lines = pd.MultiIndex.from_product([ids, MONDAYS], names=["product_id", "starts_at"])
    frame = lines.to_frame(index=False)
    stamps = frame["starts_at"].dt.strftime("%Y%m%d")
    terms = {
        "plan_version": version,
        "as_of": date.fromisoformat(version[:10]),
        "promotion_id": frame["product_id"] + "-" + stamps + "-percent_off",
        "product_id": frame["product_id"],
        "mechanic": "percent_off",
        "starts_at": frame["starts_at"],
        "ends_at": frame["starts_at"] + pd.Timedelta(days=7),
        "max_redemptions": 50,
        "per_customer_limit": 6,
        "regular_price": 10.0,
        "promo_price": promo_price,
    }
    return frame.assign(**anything(PLAN) | terms)


def anything(table: Table) -> dict[str, object]:
    """A value for each column of a contract, null where it may be."""
    return {c.name: None if c.nullable else ANY.get(c.kind) for c in table.columns}


def customer_offers(lines: pd.DataFrame) -> pd.DataFrame:
    """Customer c1 is offered every first week, the last product first."""
    first = lines.drop_duplicates("product_id").sort_values("product_id", ascending=False)
    return first[["promotion_id", "product_id"]].assign(
        customer_id="c1",
        audience_id="all",
        offer_rank=range(1, len(first) + 1),
        affinity_rank=1,
        score=0.5,
        chance_without=0.1,
        chance_with=0.2,
        incremental_margin=0.5,
        cost=0.1,
        propensity=0.9,
    )


def write_release(folder: Path, version: str, lines: pd.DataFrame) -> None:
    (folder / "offers").mkdir()
    _write(folder / "schedule.parquet", PLAN, lines)
    _write(folder / "offers" / "offers.parquet", OFFERS, customer_offers(lines))
    members = pd.DataFrame({"customer_id": ["c1", "c2"], "audience_id": ["segment-0", "segment-1"]})
    _write(folder / "offers" / "audiences.parquet", MEMBERS, members)
    files = [{"name": n, "sha256": d} for n, d in store.digests(folder).items()]
    manifest = {"plan_version": version, "files": files}
    (folder / lake.MANIFEST).write_text(to_json(manifest), encoding="utf-8")


def _write(path: Path, table: Table, frame: pd.DataFrame) -> None:
    pq.write_table(lake.conform(table, frame), path)


@pytest.fixture
def lines() -> Callable[..., pd.DataFrame]:
    return plan_lines


@pytest.fixture
def shelve(home: Path) -> Callable[..., Path]:
    """Put a release on the shelf; nothing is live yet. Returns its folder."""

    def shelved(version: str, promo_price: float = 7.99, lines: pd.DataFrame | None = None) -> Path:
        rows = plan_lines(version, promo_price) if lines is None else lines
        folder = store.folder(version)
        store.build(folder, lambda aside: write_release(aside, version, rows))
        return folder

    return shelved


@pytest.fixture
def live(shelve: Callable[..., Path]) -> Live:
    """Two versions on the shelf, the first one live and read."""
    shelve(FIRST, 7.99)
    shelve(SECOND, 8.99)
    store.point_at(FIRST)
    found = Live()
    found.refresh()
    return found


@pytest.fixture
def client(live: Live, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("PROMOLOOP_SERVING_TOKEN", TOKEN)
    settings.cache_clear()
    return TestClient(create_app(live), headers={"Authorization": f"Bearer {TOKEN}"})
