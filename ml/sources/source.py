"""What an adapter offers, and how one is chosen."""

from datetime import date
from typing import Protocol

import duckdb

from ml.contracts.table import Table


class Source(Protocol):
    """A retailer's data under the names of `ml.contracts.sources`.

    Business days are in `timezone`. History dated before `first_day` is known on
    `first_day` and lands with it.
    """

    name: str
    timezone: str

    def first_day(self) -> date:
        """The business day of the first transaction."""
        ...

    def offers(self) -> tuple[Table, ...]:
        """The tables this source has, products before what refers to them."""
        ...

    def read(self, table: Table, start: date, end: date) -> duckdb.DuckDBPyRelation:
        """Rows of the business days [start, end), or a whole snapshot, in a fixed order.

        A column `<name>_unreadable` beside a column holds the text that could not be read
        as the contract's type; the column itself is then null.
        """
        ...


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB that streams: bounded memory, UTC, rows in the order of the file."""
    connection = duckdb.connect()
    connection.execute("set memory_limit = '1500MB'")
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection
