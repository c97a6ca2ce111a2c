"""Where bad rows wait: lake/quarantine/<table>/as_of=D/, each with the rules it broke."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ml.contracts.table import Table
from ml.files import replacing
from ml.settings import settings

MAX_ROWS = 100_000  # a batch with more bad rows is refused; so many show why


def path(table: Table, as_of: date) -> Path:
    return settings().lake / "quarantine" / table.name / f"as_of={as_of}" / "part.parquet"


def write(table: Table, as_of: date, rows: pa.Table) -> None:
    """Replace what the run of `as_of` quarantined of `table`."""
    target = path(table, as_of)
    if not len(rows):
        target.unlink(missing_ok=True)
        return
    with replacing(target) as aside:
        pq.write_table(rows.slice(0, MAX_ROWS), aside, compression="zstd")
