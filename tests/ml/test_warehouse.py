"""Exporting the marts from a warehouse made by hand."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ml import lake, warehouse
from ml.contracts.table import Column, Table
from ml.errors import LakeError
from ml.settings import settings

AS_OF = date(2017, 12, 4)
SHELF = Table(
    name="shelf",
    layer="marts",
    grain="One row per product.",
    key=("product_id",),
    columns=(Column("product_id", "string"), Column("price", "money"), Column("items", "int64")),
)


@pytest.fixture
def built(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(warehouse, "MARTS", (SHELF,))
    home.mkdir()
    with duckdb.connect(str(settings().warehouse)) as made:
        made.execute("create schema marts; create schema landing")
        made.execute("create table landing.batches (table_name text, day date, batch_id text)")
        made.execute("insert into landing.batches values ('products', '2017-12-04', 'abc')")
        made.execute("create table marts.shelf (items int8, price decimal(18, 2), product_id text)")
        made.execute("insert into marts.shelf values (1, 2.5, 'tea'), (3, 0.1, 'cup')")
        made.execute(f"comment on table marts.shelf is 'as_of={AS_OF}'")
    return home


def test_a_mart_leaves_in_key_order_with_its_contracts_types(built: Path) -> None:
    warehouse.export_marts(AS_OF)

    rows = lake.read(SHELF, AS_OF)
    written = pa.parquet.read_schema(lake.files(SHELF, AS_OF)[0])
    assert rows.product_id.tolist() == ["cup", "tea"]
    assert [(f.name, f.type) for f in written] == [(f.name, f.type) for f in SHELF.schema]


def test_a_second_export_gives_the_same_bytes_and_names_what_landed(built: Path) -> None:
    warehouse.export_marts(AS_OF)
    first = lake.manifest(SHELF, AS_OF)
    warehouse.export_marts(AS_OF)

    assert lake.manifest(SHELF, AS_OF) == first
    assert list(first.inputs) == ["landing/products"]


def test_a_mart_built_for_another_date_is_refused_before_anything_is_written(built: Path) -> None:
    with pytest.raises(LakeError, match="holds as_of=2017-12-04, expected as_of=2017-12-05"):
        warehouse.export_marts(date(2017, 12, 5))

    assert lake.partitions(SHELF) == []


def test_a_missing_warehouse_says_what_to_run(home: Path) -> None:
    with pytest.raises(LakeError, match="run dbt build first"):
        warehouse.export_marts(AS_OF)
