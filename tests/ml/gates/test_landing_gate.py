from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml import lake
from ml.contracts.sources import PRODUCTS, TRANSACTIONS
from ml.errors import GateError, LakeError, SourceError
from ml.gates import quarantine
from ml.gates.landing import gate_landing
from ml.gates.validation import data_docs_index
from ml.privacy import pseudonym
from ml.sources import incoming
from ml.sources.landing import land

AS_OF = date(2026, 3, 4)


def bad_rows():
    return pq.read_table(quarantine.path(TRANSACTIONS, AS_OF)).to_pylist()


BAD_LINES = {
    "none,tea,2026-03-02 09:00:00,0,2.5": "quantity: not above 0",
    "returned,tea,2026-03-02 09:00:00,-1,2.5": "quantity: not above 0",
    "free,tea,2026-03-02 09:00:00,1,0": "net_sales: not above 0",
    "dear,tea,2026-03-02 09:00:00,1,99999": "net_sales: impossible price: above 10000 an item",
    "unknown,gin,2026-03-02 09:00:00,1,2.5": "product_id: not in products",
    "word,tea,2026-03-02 09:00:00,two,2.5": "quantity: wrong type: not a int64; quantity: null",
    "half,tea,2026-03-02 09:00:00,0.5,2.5": "quantity: wrong type: not a int64; quantity: null",
    ",tea,2026-03-02 09:00:00,1,2.5": "basket_id: null",
    "old,tea,1/7/26,1,2.5": (
        "sold_on: outside the batch's days from 2026-03-01 to before 2026-03-04"
    ),
    "undated,tea,yesterday,1,2.5": (
        "sold_at: wrong type: not a timestamp; sold_at: null; sold_on: null"
    ),
}


def test_a_bad_row_waits_in_quarantine_with_the_rule_it_broke(shop):
    shop.sell(*BAD_LINES, good=200)

    shop.run()

    baskets = [line.split(",")[0] or None for line in BAD_LINES]
    rules = dict(zip(baskets, BAD_LINES.values(), strict=True))
    assert {row["basket_id"]: row["rules"] for row in bad_rows()} == rules
    landed = sum(lake.manifest(TRANSACTIONS, day).rows for day in lake.partitions(TRANSACTIONS))
    assert landed == 600


def test_a_list_price_of_nothing_waits_in_quarantine_and_stops_the_run(shop):
    mapping = shop.folder / "mapping.yml"
    mapped = mapping.read_text().replace(
        "{product_id: product, dep", "{list_price: list, product_id: product, dep"
    )
    mapping.write_text(mapped)
    rows = "product,department,list\ntea,DRINKS,\ncup,HOME,0\njug,HOME,4.5\n"
    (shop.folder / "products.csv").write_text(rows)

    with pytest.raises(GateError, match=r"products.list_price: not above 0: 1 of 3 rows.*'cup'"):
        shop.run()

    held = pq.read_table(quarantine.path(PRODUCTS, AS_OF)).to_pylist()
    assert [(row["product_id"], row["rules"]) for row in held] == [
        ("cup", "list_price: not above 0")
    ]


def test_rows_that_share_a_key_and_differ_all_go_but_of_equal_rows_one_stays(shop):
    shop.sell(
        "a,tea,2026-03-02 09:00:00,1,2.5",
        "a,tea,2026-03-02 09:00:00,1,2.5",
        "b,tea,2026-03-02 09:00:00,1,2.5",
        "b,tea,2026-03-02 09:00:00,1,7.5",
    )

    shop.run()

    assert [row["basket_id"] for row in bad_rows()] == ["a", "b", "b"]


def test_more_bad_rows_than_the_contract_allows_stop_the_run_and_nothing_lands(shop):
    shop.sell(*[f"x{n},tea,2026-03-02 09:00:00,0,2.5" for n in range(10)])

    with pytest.raises(GateError) as error:
        shop.run()

    message = str(error.value)
    assert "transactions.quantity: not above 0: 10 of 310 rows (3.23%)" in message
    assert "'basket_id': 'x0'" in message
    assert "3.00% may" in message
    assert lake.partitions(TRANSACTIONS) == []
    assert len(bad_rows()) == 10


def test_a_refused_batch_leaves_what_was_landed_and_a_corrected_one_lands(shop, change):
    shop.run("2026-03-03")
    before = shop.landed()
    change("2026-03-03 10:00:00,1,", "2026-03-03 10:00:00,0,")

    with pytest.raises(GateError):
        shop.run()
    assert shop.landed() == before

    shop.sell()
    shop.run()
    assert lake.partitions(TRANSACTIONS)[-1] == date(2026, 3, 3)
    assert before.items() <= shop.landed().items()


def test_landing_and_gating_twice_changes_nothing(shop):
    shop.run("2026-03-03")
    shop.run()
    before = shop.landed()

    shop.run()
    shop.run("2026-03-03")

    assert shop.landed() == before


def test_a_batch_whose_gate_was_killed_half_way_ends_in_the_same_bytes(shop, monkeypatch):
    shop.sell("b,gin,2026-03-01 09:00:00,1,2.5")
    shop.run()
    whole = shop.landed()
    for day in (date(2026, 3, 2), date(2026, 3, 3)):
        (lake.folder(TRANSACTIONS, day) / lake.MANIFEST).unlink()
    (incoming.folder(AS_OF) / "gated.json").unlink()

    shop.run()

    assert shop.landed() == whole
    assert len(bad_rows()) == 1


def test_a_landed_day_keeps_its_bytes_when_a_day_before_it_is_landed_again(shop, change):
    shop.run()
    before = shop.landed()
    (lake.folder(TRANSACTIONS, date(2026, 3, 1)) / lake.MANIFEST).unlink()
    change("2026-03-03 10:00:00,1,2.5", "2026-03-03 10:00:00,1,7.5")

    shop.run()

    assert shop.landed() == before


def test_nothing_of_the_as_of_day_or_later_lands(shop):
    shop.run("2026-03-02")

    assert lake.partitions(TRANSACTIONS) == [date(2026, 3, 1)]
    assert set(lake.read(TRANSACTIONS, date(2026, 3, 1))["sold_on"]) == {date(2026, 3, 1)}


def test_a_row_dated_after_the_as_of_date_is_quarantined_when_a_source_hands_it_over(shop):
    land(AS_OF, "files")
    path = incoming.path(TRANSACTIONS, AS_OF)
    rows = pq.read_table(path)
    late = rows.slice(0, 1)
    for name, value in (("sold_on", date(2026, 3, 9)), ("basket_id", "late")):
        index = rows.schema.get_field_index(name)
        late = late.set_column(index, rows.schema.field(name), [[value]])
    pq.write_table(pa.concat_tables([rows, late]), path)

    gate_landing(AS_OF)

    (row,) = bad_rows()
    assert row["basket_id"] == "late"
    assert row["rules"].startswith("sold_on: outside the batch's days")


def test_an_open_day_without_a_sale_stops_the_run(shop, change):
    change("2026-03-02", "2026-03-01")
    change("g2-", "h2-")

    with pytest.raises(GateError, match="empty batch: no sale on 2026-03-02"):
        shop.run()

    assert lake.partitions(TRANSACTIONS) == []


def test_a_day_the_calendar_calls_closed_may_be_empty_and_is_landed(shop, change):
    change("2026-03-02", "2026-03-01")
    change("g2-", "h2-")
    (shop.folder / "closed.csv").write_text("day,why,closed\n2026-03-02,Stocktaking,true\n")
    mapping = shop.folder / "mapping.yml"
    calendar = "{date_day: day, event_name: why, is_closed: closed}"
    mapping.write_text(
        mapping.read_text() + f"  calendar: {{files: closed.csv, columns: {calendar}}}\n"
    )

    shop.run()

    assert lake.manifest(TRANSACTIONS, date(2026, 3, 2)).rows == 0


def test_a_snapshot_gets_a_partition_only_when_its_content_changes(shop):
    shop.run("2026-03-02")
    shop.run("2026-03-03")
    assert lake.partitions(PRODUCTS) == [date(2026, 3, 2)]

    (shop.folder / "products.csv").write_text("product,department\ntea,LEAVES\n")
    shop.run()
    assert lake.partitions(PRODUCTS) == [date(2026, 3, 2), AS_OF]


def test_a_file_in_another_encoding_is_named_with_the_remedy(shop):
    path = shop.folder / "sales.csv"
    path.write_bytes(path.read_text().replace(",c,", ",Zoë,").encode("cp1252"))

    with pytest.raises(SourceError, match=r"sales\.csv could not be read as utf-8.*set `encoding`"):
        shop.run()


def test_a_truncated_parquet_file_is_named_and_the_lake_is_left_alone(shop):
    shop.run("2026-03-03")
    before = shop.landed()
    frame = pd.read_csv(shop.folder / "sales.csv")
    (shop.folder / "sales.csv").unlink()
    frame.to_parquet(shop.folder / "sales.parquet")
    mapping = shop.folder / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("sales*.csv", "sales.parquet"))
    whole = (shop.folder / "sales.parquet").read_bytes()
    (shop.folder / "sales.parquet").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(SourceError, match=r"sales\.parquet is not a whole Parquet file"):
        shop.run()
    assert shop.landed() == before

    (shop.folder / "sales.parquet").write_bytes(whole)
    shop.run()
    assert lake.partitions(TRANSACTIONS)[-1] == date(2026, 3, 3)


def test_a_missing_file_is_named(shop):
    (shop.folder / "sales.csv").unlink()

    with pytest.raises(SourceError, match=r"sales\*\.csv: no such file"):
        shop.run()


def test_a_missing_column_is_named_beside_those_there_are(shop, change):
    change("pieces", "units")

    with pytest.raises(SourceError, match=r"columns \['pieces'\] are missing; the file has"):
        shop.run()


def test_the_gate_says_to_land_first(home):
    with pytest.raises(LakeError, match="run land first"):
        gate_landing(AS_OF)


def test_the_report_counts_rows_and_data_docs_has_a_page_for_the_table(shop):
    shop.sell("b,gin,2026-03-02 09:00:00,0,2.5")

    shop.run()

    assert incoming.report(AS_OF)["transactions"] == {
        "received": 301,
        "accepted": 300,
        "quarantined": 1,
        "rules": {"product_id: not in products": 1, "quantity: not above 0": 1},
    }
    assert "transactions" in data_docs_index().read_text()


def test_no_file_of_the_lake_holds_a_shops_own_customer_id(shop, change):
    shop.sell("bad,tea,2026-03-02 09:00:00,0,2.5")
    change("g1-0,c,", "g1-0,Customer4711,")
    change("bad,c,", "bad,Customer4711,")
    land(AS_OF, "files")
    waiting = pq.read_table(incoming.path(TRANSACTIONS, AS_OF))["customer_id"].to_pylist()
    gate_landing(AS_OF)

    hidden = pseudonym("Customer4711")
    assert hidden in waiting
    assert hidden in lake.read(TRANSACTIONS, date(2026, 3, 1))["customer_id"].to_list()
    assert [row["customer_id"] for row in bad_rows()] == [hidden]
    files = [path for path in shop.home.rglob("*") if path.is_file()]
    assert all(b"Customer4711" not in path.read_bytes() for path in files)
    assert "Customer4711" not in waiting
