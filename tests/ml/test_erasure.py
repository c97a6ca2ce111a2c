"""A customer of the shop of `plan_day` goes; everybody else stays."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS
from ml.contracts.outputs import CANDIDATES
from ml.contracts.sources import COUPON_REDEMPTIONS, TRANSACTIONS
from ml.contracts.table import Column, Table
from ml.erasure import forget_customer
from ml.gates import quarantine
from ml.privacy import forgotten, record_path
from ml.publishing import publish
from ml.publishing.approval import propose
from ml.releases import store
from ml.settings import settings

FIRST, SALE = date(2017, 12, 4), date(2017, 12, 1)
LINE = {
    "basket_id": "b",
    "product_id": "100",
    "store_id": "s",
    "sold_at": pd.Timestamp("2017-12-01 12:00"),
    "sold_on": SALE,
    "quantity": 1,
    "net_sales": 2.0,
    "shelf_discount": 0.0,
    "coupon_discount": 0.0,
    "coupon_match_discount": 0.0,
}
COUPON = {"coupon_id": "k", "campaign_id": "m", "redeemed_on": SALE}


RETIRED = Table(
    name="dim_customer_profiles",
    layer="marts",
    grain="One row per customer.",
    key=("customer_id",),
    columns=(Column("customer_id", "string"), Column("overdue", "double")),
)


@pytest.fixture
def published(plan_day, segmented):
    """A published day whose customers c1 to c3 bought, c1 and c2 with a coupon."""
    version = plan_day()
    segmented()
    names = ("c1", "c2", "c3")
    lines = pd.DataFrame([LINE | {"customer_id": c, "basket_id": c} for c in names])
    lake.write(TRANSACTIONS, SALE, lines, {"incoming": "files"})
    coupons = pd.DataFrame([COUPON | {"customer_id": c} for c in names[:2]])
    lake.write(COUPON_REDEMPTIONS, SALE, coupons)
    quarantine.write(TRANSACTIONS, FIRST, lake.conform(TRANSACTIONS, lines))
    propose(FIRST, "Ada")
    publish.publish(FIRST, "Ada")
    settings().warehouse.touch()
    profiles = pd.DataFrame({"customer_id": names, "overdue": 0.5})
    lake.write(RETIRED, FIRST, profiles)
    return version


def customers(path):
    return set(pq.read_table(path, columns=["customer_id"])["customer_id"].to_pylist())


def private_files():
    found = settings().home.rglob("*.parquet")
    return [path for path in found if "customer_id" in pq.read_schema(path).names]


def test_no_file_holds_a_forgotten_customer_and_every_other_is_where_they_were(published):
    before = {path.parent: customers(path) for path in private_files()}

    forget_customer("c1", "Ada")

    after = {path.parent: customers(path) for path in private_files()}
    assert before.keys() == after.keys()
    assert any("c1" in people for people in before.values())
    assert all(after[place] - {None} == people - {"c1"} for place, people in before.items())
    assert not settings().warehouse.exists()


def test_the_sale_stays_as_an_unknown_buyers_and_manifests_fit_their_files(published):
    forget_customer("c1", "Ada")

    sales = lake.read(TRANSACTIONS, SALE)
    assert sales["customer_id"].tolist() == [None, "c2", "c3"]
    assert lake.manifest(TRANSACTIONS, SALE).inputs == {"incoming": "files"}
    for table, day in ((TRANSACTIONS, SALE), (CANDIDATES, FIRST), (DIM_CUSTOMERS, FIRST)):
        for path, file in zip(lake.files(table, day), lake.manifest(table, day).files, strict=True):
            assert pq.read_schema(path).equals(table.schema)
            assert pq.read_metadata(path).num_rows == file.rows


def test_the_live_release_is_whole_without_them(published):
    live = store.folder(published)
    assert "c1" in customers(live / "offers" / "assignments.parquet")
    assert "c2" in customers(live / "offers" / "audiences.parquet")

    forget_customer("c1", "Ada")

    store.verify(published)
    assert store.current() == published
    assert "c1" not in customers(live / "offers" / "assignments.parquet")
    counts = {f["name"]: f["rows"] for f in store.manifest(published)["files"]}
    assert counts["offers/assignments.parquet"] == 38


def test_the_record_says_who_asked_and_what_went_and_asking_twice_finds_nothing(published):
    first = forget_customer("c1", "Ada")

    assert forgotten() == {"c1"}
    lines = [json.loads(line) for line in record_path().read_text().splitlines()]
    assert [line["step"] for line in lines] == ["asked", "removed"]
    assert {line["by"] for line in lines} == {"Ada"}
    assert lines[1]["rows"] == first
    assert first["lake://landing/coupon_redemptions"] == 1
    assert forget_customer("c1", "Ada") == {}


def test_what_killed_tasks_left_goes_too(published):
    lake_folder, shelf = settings().lake, settings().published
    left = [
        lake_folder / "incoming" / "as_of=2017-12-04" / ".transactions.parquet.7",
        lake_folder / "landing" / "transactions" / ".2017-12-01-x1" / "part.parquet",
        lake_folder / ".checkpoints-1" / "part.parquet",
        lake_folder / "promotions" / "proposed" / f".{published}-x2" / "part.parquet",
        shelf / f".{published}-x3" / "part.parquet",
    ]
    rows = pd.DataFrame({"customer_id": ["c1"]})
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path)

    forget_customer("c1", "Ada")

    assert [path for path in left if path.exists()] == []
    assert not any("c1" in customers(path) for path in private_files())
    assert store.current() == published


def test_a_kill_while_the_live_release_is_replaced_loses_nothing(published, monkeypatch):
    rename, live = Path.rename, store.folder(published)

    def killed(path, target):
        if path.name.startswith(f".{published}-"):
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            forget_customer("c1", "Ada")
    assert not live.exists()

    forget_customer("c1", "Ada")

    store.verify(published)
    assert store.versions() == [published]
    assert "c1" not in customers(live / "offers" / "assignments.parquet")


KILLED = """
import os, sys, duckdb

warehouse = duckdb.connect(sys.argv[1])
warehouse.execute("create table people as select 'pseudonym-of-c1' as customer_id")
spilled = sys.argv[1] + ".tmp"
os.mkdir(spilled)
open(os.path.join(spilled, "duckdb_temp_block-1.block"), "w").write("pseudonym-of-c1")
landing = os.path.join(os.path.dirname(sys.argv[1]), "spill", "77")
os.makedirs(landing)
open(os.path.join(landing, "duckdb_temp_block-2.block"), "w").write("pseudonym-of-c1")
os._exit(9)
"""


def test_nothing_that_a_killed_build_left_of_the_warehouse_holds_them(published):
    warehouse = settings().warehouse
    warehouse.unlink()
    subprocess.run([sys.executable, "-c", KILLED, str(warehouse)])

    def traces():
        files = (path for path in settings().home.rglob("*") if path.is_file())
        return {path.name for path in files if b"pseudonym-of-c1" in path.read_bytes()}

    left = {f"duckdb_temp_block-{number}.block" for number in (1, 2)}
    assert traces() == {"warehouse.duckdb.wal"} | left

    forget_customer("c1", "Ada")

    assert traces() == set()
    assert list(settings().home.glob("warehouse.duckdb*")) == []


def test_a_line_of_the_record_cut_short_by_a_crash_lets_nobody_back_in(published):
    forget_customer("c1", "Ada")
    record = record_path().read_bytes()
    record_path().write_bytes(record[: record.index(b"\n") + 20])

    assert forgotten() == {"c1"}
    forget_customer("c2", "Ada")
    assert forgotten() == {"c1", "c2"}
