"""A folder of CSV or Parquet files and a mapping.yml: a retailer's own export, no code."""

from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import duckdb

from ml.contracts.sources import SOURCES, TRANSACTIONS
from ml.contracts.table import Table
from ml.errors import SourceError
from ml.sources.columns import select_list, variables
from ml.sources.mapping import TABLES, load_mapping
from ml.sources.prices import WINDOW_DAYS, infer_shelf_discount
from ml.sources.readers import read_files
from ml.sources.source import connect

EARLIEST = date(1990, 1, 1)  # an older sale is a misread date: "1/7/26" is the year 1


class Files:
    """See docs/your-own-data.md."""

    name = "files"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mapping = load_mapping(folder)
        self.timezone = self.mapping.timezone
        self.connection = connect(folder)
        for name, mapped in self.mapping.tables.items():
            for variable, value in variables(TABLES[name], mapped).items():
                self.connection.execute(f"set variable {variable} = ?", [value])

    @classmethod
    def at(cls, folder: Path | None) -> "Files":
        if folder is None or not folder.is_dir():
            raise SourceError(
                f"source files: folder {folder} is not there; set PROMOLOOP_SOURCE_PATH to the "
                "folder that holds mapping.yml"
            )
        return cls(folder)

    def offers(self) -> tuple[Table, ...]:
        return tuple(table for table in SOURCES if table.name in self.mapping.tables)

    def first_day(self) -> date:
        return self._first_day

    def read(self, table: Table, start: date, end: date) -> duckdb.DuckDBPyRelation:
        rows = self._rows(table)
        if not table.day_column:
            return rows.project("* exclude (position)")
        rows = self._placed(rows, table)
        if table is TRANSACTIONS and not self._discounts_are_known:
            before = start - timedelta(days=WINDOW_DAYS - 1)
            rows = infer_shelf_discount(rows.filter(f"day >= '{before}' and day < '{end}'"))
        first = start if start > self.first_day() else date.min
        return rows.filter(f"day >= date '{first}' and day < date '{end}'").project(
            "* exclude (position, day)"
        )

    @cached_property
    def _first_day(self) -> date:
        sold = self._rows(TRANSACTIONS).filter(f"sold_on >= '{EARLIEST}'")
        row = sold.aggregate("min(sold_on)").fetchone()
        if row is None or row[0] is None:
            pattern = self.mapping.tables[TRANSACTIONS.name].files
            raise SourceError(
                f"{self.folder / pattern}: no row has a readable date; set `date_format` of "
                "transactions in mapping.yml, for example '%d.%m.%Y %H:%M'"
            )
        day: date = row[0]
        return day

    @property
    def _discounts_are_known(self) -> bool:
        mapped = self.mapping.tables[TRANSACTIONS.name]
        return "shelf_discount" in mapped.columns | mapped.constants

    def _rows(self, table: Table) -> duckdb.DuckDBPyRelation:
        """The table as the contract names it, each row with its position in the files."""
        mapped = self.mapping.tables[table.name]
        raw = read_files(self.connection, self.folder, mapped)
        columns = select_list(table, mapped, self.timezone)
        return raw.project(f"{columns}, row_number() over () as position")

    def _placed(self, rows: duckdb.DuckDBPyRelation, table: Table) -> duckdb.DuckDBPyRelation:
        """Rows with the day they belong to: one without a date goes with the row above it."""
        above = f"last_value({table.day_column} ignore nulls) over (order by position)"
        day = f"coalesce({table.day_column}, {above}, date '{self.first_day()}')"
        return rows.project(f"*, {day} as day").order("position")
