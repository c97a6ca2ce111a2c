"""Where a run's batch waits for its gate: lake/incoming/as_of=D/<table>.parquet.

`batch.json` lists what was received; `gated.json`, written by the gate, that it is done.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ml.contracts.table import Table
from ml.errors import LakeError
from ml.files import replace_text, replacing, to_json
from ml.privacy import CUSTOMER, protected
from ml.settings import settings


@dataclass(frozen=True)
class Received:
    """One table of a batch: its rows of the business days [start, end)."""

    start: str
    end: str
    rows: int


@dataclass(frozen=True)
class Batch:
    as_of: str
    source: str
    first_day: str
    tables: dict[str, Received]


def folder(as_of: date) -> Path:
    return settings().lake / "incoming" / f"as_of={as_of}"


def path(table: Table, as_of: date) -> Path:
    return folder(as_of) / f"{table.name}.parquet"


def is_gated(as_of: date) -> bool:
    return (folder(as_of) / "gated.json").is_file()


def read(as_of: date) -> Batch | None:
    """The batch that was landed for `as_of`, if one was."""
    manifest = folder(as_of) / "batch.json"
    if not manifest.is_file():
        return None
    values = json.loads(manifest.read_text())
    tables = {name: Received(**received) for name, received in values["tables"].items()}
    return Batch(**(values | {"tables": tables}))


def write_table(rows: duckdb.DuckDBPyRelation, table: Table, as_of: date) -> None:
    """Stream `rows` to the batch's file, whole or not at all; customers under pseudonyms."""
    with replacing(path(table, as_of)) as aside:
        if CUSTOMER in table.column_names:
            _write_protected(rows, table, aside)
        else:
            rows.write_parquet(str(aside), compression="zstd")


def _write_protected(rows: duckdb.DuckDBPyRelation, table: Table, path: Path) -> None:
    batches = rows.to_arrow_reader()
    with pq.ParquetWriter(path, batches.schema, compression="zstd") as out:
        for batch in protected(table, batches):
            out.write_batch(batch)


def commit(batch: Batch) -> None:
    """Say what the batch holds; what an earlier batch of the day left behind goes."""
    target = folder(date.fromisoformat(batch.as_of))
    (target / "gated.json").unlink(missing_ok=True)
    for stale in target.glob("*.parquet"):
        if stale.stem not in batch.tables:
            stale.unlink()
    replace_text(target / "batch.json", to_json(asdict(batch)))


def finish(as_of: date, report: dict[str, Any]) -> None:
    """Record what the gate did and drop the batch's rows, which are landed now."""
    replace_text(folder(as_of) / "gated.json", to_json(report))
    for table in folder(as_of).glob("*.parquet"):
        table.unlink()


def report(as_of: date) -> dict[str, Any]:
    """What the gate accepted and quarantined, by table."""
    done = folder(as_of) / "gated.json"
    if not done.is_file():
        raise LakeError(f"{done} is missing: no batch was gated for {as_of}; run land and gate")
    counts: dict[str, Any] = json.loads(done.read_text())
    return counts
