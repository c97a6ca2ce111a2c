"""What a source holds, before any run: mapped, missing, suspicious, and what is off for it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from ml.contracts.sources import MAXIMUM_UNIT_PRICE, PRODUCTS, SOURCES, TRANSACTIONS
from ml.contracts.suites import UNREADABLE
from ml.contracts.table import Table
from ml.errors import SourceError
from ml.sources.adapters import open_source
from ml.sources.source import Source

FEATURES = {
    "promotions": "display and mailer effects; plans with support",
    "campaigns": "campaign facts",
    "campaign_customers": "reach of campaigns",
    "coupons": "products with a coupon",
    "coupon_redemptions": "coupon sensitivity from redemptions",
    "customers": "customer attributes, consent and do-not-target (without it all may be targeted)",
    "events": "views and carts in affinity",
    "inventory": "counted stock (else the ledger is simulated and marked so, and no week is short)",
    "competitor_prices": "competitor prices",
    "calendar": "named events and closed days of the shop's own",
    "reviews": "ratings",
}
FOREVER = date(9999, 12, 31)


@dataclass(frozen=True)
class TableReport:
    name: str
    rows: int
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    suspicious: tuple[str, ...]


@dataclass(frozen=True)
class SourceReport:
    """`problems` stop a run; `suspicious` rows go to quarantine or deserve a look."""

    source: str
    tables: tuple[TableReport, ...]
    off: dict[str, str]
    problems: tuple[str, ...] = ()

    def render(self) -> str:
        lines = [f"source {self.source}"]
        lines += [f"PROBLEM  {problem}" for problem in self.problems]
        for table in self.tables:
            lines.append(f"mapped   {table.name}: {table.rows} rows; {', '.join(table.columns)}")
            if table.absent:
                lines.append(f"missing  {table.name}: {', '.join(table.absent)}")
            lines += [f"look at  {table.name}: {problem}" for problem in table.suspicious]
        lines += [f"off      {name} is not mapped: {what}" for name, what in self.off.items()]
        return "\n".join(lines)


def check_source(source: str | None = None, path: Path | None = None) -> SourceReport:
    """Read the source whole and say what is in it; nothing is written.

    `path` is the folder of a `files` source, by default the settings'.
    """
    try:
        adapter = _open(source, path)
    except SourceError as error:
        return SourceReport(source or "files", (), {}, (str(error),))
    reports, problems = [], []
    for table in adapter.offers():
        try:
            reports.append(_check_table(adapter, table))
        except SourceError as error:
            problems.append(str(error))
    offered = {table.name for table in adapter.offers()}
    off = {t.name: FEATURES[t.name] for t in SOURCES if not t.required and t.name not in offered}
    return SourceReport(adapter.name, tuple(reports), off, tuple(problems))


def _open(source: str | None, path: Path | None) -> Source:
    from ml.sources.files import Files

    return Files.at(path) if path else open_source(source)


def _check_table(adapter: Source, table: Table) -> TableReport:
    rows = adapter.read(table, adapter.first_day(), FOREVER)
    counts = [f"count({name})" for name in table.column_names]
    counted = _row(rows, ["count(*)", *counts])
    filled = dict(zip(table.column_names, counted[1:], strict=True))
    present = tuple(name for name, count in filled.items() if count)
    absent = tuple(name for name, count in filled.items() if not count)
    suspicious = [*_unreadable(rows), *_nulls(table, filled, counted[0])]
    if table is TRANSACTIONS:
        suspicious += [*_odd_lines(rows), *_unknown_products(adapter, rows)]
        suspicious += [*_day_gaps(rows), *_times(rows)]
    return TableReport(table.name, counted[0], present, absent, tuple(suspicious))


def _row(rows: duckdb.DuckDBPyRelation, terms: list[str]) -> tuple[int, ...]:
    row = rows.aggregate(", ".join(terms)).fetchone()
    return tuple(row or ())


def _share(count: int, rows: int, what: str) -> list[str]:
    return [f"{count} rows ({count / rows:.2%}) {what}"] if count else []


def _unreadable(rows: duckdb.DuckDBPyRelation) -> list[str]:
    problems = []
    for name in (name for name in rows.columns if name.endswith(UNREADABLE)):
        bad, example = _row(rows, [f"count({name})", f"min({name})"])
        if bad:
            column = name.removesuffix(UNREADABLE)
            problems.append(f"{column}: {bad} values cannot be read, for example {example!r}")
    return problems


def _nulls(table: Table, filled: dict[str, int], rows: int) -> list[str]:
    needed = [column.name for column in table.columns if not column.nullable]
    return [line for name in needed for line in _share(rows - filled[name], rows, f"lack {name}")]


def _odd_lines(rows: duckdb.DuckDBPyRelation) -> list[str]:
    conditions = {
        "have a quantity of 0 or less": "quantity <= 0",
        "were sold for 0 or less": "net_sales <= 0",
        f"cost more than {MAXIMUM_UNIT_PRICE:g} an item": (
            f"quantity > 0 and net_sales / quantity > {MAXIMUM_UNIT_PRICE}"
        ),
        "have no customer": "customer_id is null",
    }
    counts = [f"count(*) filter ({condition})" for condition in conditions.values()]
    total, *bad = _row(rows, ["count(*)", *counts])
    problems = []
    for what, count in zip(conditions, bad, strict=True):
        problems += _share(count, total, what)
    keys = _row(rows, ["count(*) - count(distinct (basket_id, product_id))"])
    return problems + _share(keys[0], total, "repeat a product in a basket")


def _unknown_products(adapter: Source, rows: duckdb.DuckDBPyRelation) -> list[str]:
    products = adapter.read(PRODUCTS, adapter.first_day(), FOREVER).project("product_id")
    unknown = rows.set_alias("line").join(products.distinct(), "product_id", how="anti")
    return _share(_row(unknown, ["count(*)"])[0], _row(rows, ["count(*)"])[0], "name no product")


def _day_gaps(rows: duckdb.DuckDBPyRelation) -> list[str]:
    first, last, days = rows.aggregate(
        "min(sold_on), max(sold_on), count(distinct sold_on)"
    ).fetchone() or (None, None, 0)
    if first is None:
        return ["no row has a date"]
    missing = (last - first).days + 1 - days
    gaps = [f"{missing} days without a sale: closed, or not exported?"] if missing else []
    return [f"from {first} to {last}", *gaps]


def _times(rows: duckdb.DuckDBPyRelation) -> list[str]:
    """Half of the sales on a full hour are days, or hours, written as times."""
    full = "extract(minute from sold_at) + extract(second from sold_at) = 0"
    on_the_hour, total = _row(rows, [f"count(*) filter ({full})", "count(*)"])
    if 2 * on_the_hour <= total:
        return []
    return _share(on_the_hour, total, "were sold on the full hour: is the time of day known?")
