"""The marts of a tiny shop, built day after day as the platform builds them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ml import lake
from ml.contracts import marts, sources
from ml.errors import LakeError
from ml.settings import settings
from ml.warehouse import export_marts

TODAY = date(2017, 12, 18)
TOMORROW = date(2017, 12, 19)

MODELS = ["--exclude-resource-types", "unit_test", "test"]  # their tests ran in the first build

Build = Callable[..., str]
Land = Callable[..., None]


def query(sql: str) -> list[Any]:
    with duckdb.connect(str(settings().warehouse), read_only=True) as warehouse:
        return warehouse.execute(sql).fetchall()


def exported(as_of: date) -> dict[str, str]:
    export_marts(as_of)
    return {mart.name: lake.manifest(mart, as_of).content_hash for mart in marts.MARTS}


def spoil(day: date) -> None:
    """Make a landed file unreadable: who opens it fails."""
    for path in lake.files(sources.TRANSACTIONS, day):
        path.write_bytes(b"not parquet")


def test_a_new_day_reads_one_batch_and_an_earlier_date_keeps_its_bytes(
    landed: Path, dbt_build: Build, land: Land
) -> None:
    log = dbt_build(TODAY)
    assert "OFF: display and mailer share (promotions never landed)" in log
    first = exported(TODAY)
    weeks = lake.read(marts.FCT_PRODUCT_WEEKS, TODAY)
    assert weeks.groupby("product_id").units.agg(list).to_dict() == {
        "cup": [7, 7, 7],
        "tea": [7, 7, 7],
    }
    assert weeks.week_start_date.min() == date(2017, 11, 27)
    assert set(weeks.depth.round(6)) == {0.2}
    assert lake.read(marts.FCT_CUSTOMER_PRODUCTS, TODAY).customer_id.tolist() == ["ann"]

    for days_ago in (1, 9, 20):
        spoil(TODAY - timedelta(days_ago))
    land(TODAY)
    land(TOMORROW, units=999, price=999.0)
    spoil(TOMORROW)
    dbt_build(TOMORROW, *MODELS)
    assert query("select max(sold_on), count(distinct batch_id) from staging.stg_transactions") == [
        (TODAY, 23)
    ]
    with pytest.raises(LakeError, match="expected as_of=2017-12-18"):
        export_marts(TODAY)
    assert exported(TOMORROW) != first

    dbt_build(TODAY, *MODELS)
    assert exported(TODAY) == first


def test_a_day_that_lands_again_replaces_its_rows(
    landed: Path, dbt_build: Build, land: Land
) -> None:
    dbt_build(TODAY, "--select", "+fct_product_weeks", *MODELS)
    land(date(2017, 12, 6), units=3)
    dbt_build(TODAY, "--select", "+fct_product_weeks", *MODELS)

    sold = query(
        "select week_start_date, units from marts.fct_product_weeks "
        "where product_id = 'tea' order by all"
    )

    assert [units for _, units in sold] == [7, 9, 7]


def test_a_snapshot_landed_before_a_column_was_known_has_none_of_it(
    landed: Path, dbt_build: Build
) -> None:
    known = tuple(c for c in sources.PRODUCTS.columns if c.name != "list_price")
    rows = lake.read(sources.PRODUCTS, TODAY).drop(columns="list_price")
    lake.write(replace(sources.PRODUCTS, columns=known), TODAY, rows)

    dbt_build(TODAY, "--select", "+dim_products", *MODELS)

    assert query("select count(*), count(list_price) from marts.dim_products") == [(3, 0)]


def test_a_required_table_that_never_landed_is_named(home: Path, dbt_build: Build) -> None:
    lake.write(
        sources.CALENDAR,
        TODAY,
        sources.CALENDAR.schema.empty_table(),
    )
    with pytest.raises(AssertionError, match="no batch of transactions landed before 2017-12-18"):
        dbt_build(TODAY)
