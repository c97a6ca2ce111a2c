"""Where bad rows wait: lake/quarantine/<table>/as_of=D/, each with the rules it broke."""

import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ml.contracts.table import Table
from ml.settings import settings

KEPT = 100_000  # rows; a batch with more is refused, and they show well enough why


def path(table: Table, as_of: date) -> Path:
    return settings().lake / "quarantine" / table.name / f"as_of={as_of}" / "part.parquet"


def write(table: Table, as_of: date, rows: pa.Table) -> None:
    """Replace what the run of `as_of` quarantined of `table`."""
    target = path(table, as_of)
    if not len(rows):
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    pq.write_table(rows.slice(0, KEPT), aside, compression="zstd")
    aside.replace(target)
