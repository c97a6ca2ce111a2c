import os
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ml.contracts.sources import TRANSACTIONS
from ml.errors import SourceError
from ml.sources.files import Files
from ml.sources.source import connect

LAST = date(2100, 1, 1)
COLUMNS = (
    "columns: {basket_id: b, customer_id: c, product_id: p, store_id: s, sold_at: t, "
    "quantity: q, net_sales: n, shelf_discount: d}"
)
DATED = (
    "columns: {basket_id: b, product_id: p, sold_on: t, quantity: q, net_sales: n}\n"
    "    constants: {store_id: online}"
)


def rows(source, start=None, end=LAST):
    return source.read(TRANSACTIONS, start or source.first_day(), end).fetchdf().to_dict("records")


def test_a_local_time_becomes_utc_and_keeps_the_shops_business_day(files):
    sales = "b,c,p,s,t,q,n,d\n1,k,tea,s,2026-07-01 23:30:00,1,2.5,0\n"

    (row,) = rows(files(sales, COLUMNS, timezone="America/New_York"))

    assert row["sold_at"] == pd.Timestamp("2026-07-02 03:30:00")
    assert row["sold_on"].date() == date(2026, 7, 1)


def test_a_time_with_an_offset_is_taken_at_its_word(files):
    sales = "b,c,p,s,t,q,n,d\n1,k,tea,s,2026-07-01T23:30:00Z,1,2.5,0\n"

    (row,) = rows(files(sales, COLUMNS, timezone="Europe/Berlin"))

    assert row["sold_at"] == pd.Timestamp("2026-07-01 23:30:00")
    assert row["sold_on"].date() == date(2026, 7, 2)


def test_delimiter_decimal_comma_date_format_and_encoding_are_the_mappings(files):
    sales = "b;c;p;s;t;q;n;d\n1;Zoë;tea;s;01.07.2026 10:00;2;2,50;0,5\n"
    how = """
    delimiter: ";"
    decimal: ","
    encoding: cp1252
    date_format: "%d.%m.%Y %H:%M"
"""

    (row,) = rows(files(sales, COLUMNS + how, encoding="cp1252"))

    assert (row["customer_id"], row["net_sales"], row["shelf_discount"]) == ("Zoë", 2.5, 0.5)
    assert row["sold_at"] == pd.Timestamp("2026-07-01 10:00:00")


def test_a_day_alone_is_the_midnight_that_starts_it_and_no_customer_is_null(files):
    sales = "b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n"

    (row,) = rows(files(sales, DATED, timezone="Europe/Berlin"))

    assert row["sold_at"] == pd.Timestamp("2026-06-30 22:00:00")
    assert row["customer_id"] is None
    assert row["store_id"] == "online"


def test_a_row_without_a_date_lands_once_with_the_row_above_it(files):
    sales = "b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n2,tea,soon,1,2.5\n3,tea,2026-07-02,1,2.5\n"
    source = files(sales, DATED)

    first = rows(source, end=date(2026, 7, 2))
    second = rows(source, date(2026, 7, 2))

    assert [row["basket_id"] for row in first] == ["1", "2"]
    assert first[1]["sold_on_unreadable"] == "soon"
    assert [row["basket_id"] for row in second] == ["3"]


def sold_at(prices):
    day = date(2026, 1, 1)
    lines = [f"{n},tea,{day + timedelta(days=n)},2,{2 * p}" for n, p in enumerate(prices)]
    return "b,p,t,q,n\n" + "\n".join(lines) + "\n"


def test_without_discounts_the_regular_price_is_the_high_of_the_weeks_before(files):
    source = files(sold_at([10.0] * 9 + [8.0]), DATED)

    assert [row["shelf_discount"] for row in rows(source)] == [0.0] * 9 + [4.0]


def test_a_later_price_never_moves_an_earlier_discount(files):
    before = rows(files(sold_at([10.0] * 5 + [8.0]), DATED))
    after = rows(files(sold_at([10.0] * 5 + [8.0] + [20.0] * 9), DATED))

    assert after[:6] == before


def test_a_day_infers_the_same_discount_alone_as_with_its_history(files):
    source = files(sold_at([10.0 + n % 7 for n in range(80)]), DATED)
    day = date(2026, 3, 15)

    alone = rows(source, day, day + timedelta(days=1))

    assert alone == [row for row in rows(source) if row["sold_on"].date() == day]
    assert alone[0]["shelf_discount"] > 0


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: {basket_id: b, product_id: p, sold_on: t, quantity: q}", "net_sales"),
        ("columns: {basket: b}", r"no columns \['basket'\]"),
        ("columns: {basket_id: b, product_id: p, quantity: q, net_sales: n}", "sold_on"),
    ],
)
def test_a_mapping_that_lacks_or_invents_a_column_says_which(files, mapping, message):
    with pytest.raises(SourceError, match=message):
        files("b,p,t,q,n\n", mapping)


def test_dates_that_cannot_be_read_ask_for_a_format(files):
    source = files("b,p,t,q,n\n1,tea,July 1st,1,2.5\n", DATED)

    with pytest.raises(SourceError, match="set `date_format`"):
        source.first_day()


def test_sql_in_a_date_format_is_text_and_reads_nothing(files, tmp_path):
    """The format closes its quote and adds as many days as another file has characters."""
    secret = tmp_path.parent / "secret.txt"
    secret.write_text("s3cret")
    length = f"length((select content from read_text('{secret}')))::integer"
    hostile = f"%Y-%m-%d') + to_days({length}) + (interval '0 days"
    sales = "b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n"

    source = files(sales, f'{DATED}\n    date_format: "{hostile}"')

    with pytest.raises(SourceError, match="no row has a readable date"):
        source.first_day()


def test_sql_in_a_constant_is_text(files):
    hostile = "it's' || (select 1) || '"
    mapping = DATED.replace("online", f'"{hostile}"')

    (row,) = rows(files("b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n", mapping))

    assert row["store_id"] == hostile


@pytest.mark.parametrize(
    "statement",
    [
        "from read_text('{outside}')",
        "from read_csv('{outside}')",
        "copy (select 1) to '{outside}.new'",
        "attach '{outside}.db'",
        "install httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
    ],
)
def test_the_sources_connection_reaches_nothing_outside_its_folder(files, tmp_path, statement):
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("s3cret")
    source = files("b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n", DATED)

    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
        source.connection.execute(statement.format(outside=outside))


def test_parquet_files_of_a_relative_folder_are_read(files, tmp_path, monkeypatch):
    files("b,p,t,q,n\n", DATED)
    frame = pd.DataFrame([{"b": "1", "p": "tea", "t": "2026-07-01", "q": "1", "n": "2.5"}])
    frame.to_parquet(tmp_path / "sales.parquet")
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("sales.csv", "sales.parquet"))
    monkeypatch.chdir(tmp_path.parent)

    (row,) = rows(Files(Path(tmp_path.name)))

    assert row["net_sales"] == 2.5


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/*.csv", "a/../../sales.csv"])
def test_files_outside_the_folder_are_refused(files, tmp_path, pattern):
    files("b,p,t,q,n\n", DATED)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("sales.csv", pattern))

    with pytest.raises(SourceError, match="expected files below"):
        rows(Files(tmp_path))


def test_a_link_out_of_the_folder_is_refused_by_name(files, tmp_path):
    files("b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n", DATED)
    outside = (tmp_path / "sales.csv").rename(tmp_path.parent / "elsewhere.csv")
    (tmp_path / "sales.csv").symlink_to(outside)

    with pytest.raises(SourceError, match=r"sales.csv is a link to .*elsewhere.csv"):
        rows(Files(tmp_path))


def test_a_folder_that_is_itself_a_link_is_read(files, tmp_path):
    files("b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n", DATED)
    link = tmp_path.parent / "linked"
    link.symlink_to(tmp_path)

    assert len(rows(Files(link))) == 1


def test_opening_a_source_writes_nothing(files, home):
    rows(files("b,p,t,q,n\n1,tea,2026-07-01,1,2.5\n", DATED))

    assert not home.exists()


def test_what_exceeds_the_memory_is_spilled_into_the_state_folder(home):
    (home / "spill").mkdir(parents=True)
    connection = connect(home, memory="60MB")

    connection.execute("create temp table many as select hash(i) from range(20000000) t(i)")

    assert any((home / "spill" / str(os.getpid())).iterdir())
    connection.close()
    assert list((home / "spill").iterdir()) == []
