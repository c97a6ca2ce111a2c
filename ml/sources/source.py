"""What an adapter offers, and how one is chosen."""

import os
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb

from ml.contracts.table import Table
from ml.settings import settings


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


def connect(folder: Path, memory: str = "1500MB") -> duckdb.DuckDBPyConnection:
    """A DuckDB that streams: bounded memory, UTC, rows in the order of the file.

    Its SQL reaches the files in `folder` and those of the waiting batches, and nothing else; none
    of this can be changed on it. What exceeds the memory is spilled to a folder of the process,
    where landing has made `settings().spill`; a check before it writes nothing.
    """
    spill = settings().spill
    connection = duckdb.connect()
    open_folders = [str(folder.absolute()), str(settings().lake / "incoming")]
    connection.execute("set allowed_directories = ?", [open_folders])
    connection.execute(
        "set temp_directory = ?", [str(spill / str(os.getpid())) if spill.is_dir() else ""]
    )
    connection.execute("set memory_limit = ?", [memory])
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection
