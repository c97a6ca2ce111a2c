"""Forget a customer: later days land without them, and what was written before loses them.

Landed days, quarantined and waiting rows, marts, factors, candidates, segments and the offers
of every release are rewritten without the customer's rows; a landed sale stays, as an unknown
buyer's, so that demand is what it was. Each rewritten partition and release keeps a manifest
that its files match. The warehouse goes: the next run fills it again from the landed days.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.marts import MARTS
from ml.contracts.outputs import OUTPUTS
from ml.contracts.sources import SOURCES
from ml.contracts.table import Table
from ml.files import append_json_line, replacing, to_json
from ml.privacy import CUSTOMER, forgotten, record_path, without
from ml.releases import store
from ml.releases.proposed import proposed
from ml.settings import settings


def forget_customer(pseudonym: str, by: str) -> dict[str, int]:
    """Remove a customer everywhere; returns how many rows each place lost.

    Run it between two refreshes, and again after one that was under way: a task that is writing
    loses its unfinished files, and what is gone already costs nothing.
    """
    if pseudonym not in forgotten():
        _record({"pseudonym": pseudonym, "by": by, "step": "asked"})
    tables = [t for t in (*SOURCES, *MARTS, *OUTPUTS) if CUSTOMER in t.column_names]
    removed = {table.uri: _from_table(table, pseudonym) for table in (*tables, *_retired_marts())}
    removed["lake/incoming and lake/quarantine"] = _from_loose_files(tables, pseudonym)
    removed["releases"] = _from_releases(pseudonym)
    _remove_unfinished()
    _remove_warehouse()
    lost = {place: rows for place, rows in removed.items() if rows}
    _record({"pseudonym": pseudonym, "by": by, "step": "removed", "rows": lost})
    return lost


def _retired_marts() -> list[Table]:
    """Marts in the lake that no contract names: those of before an upgrade."""
    names = {path.name for path in (settings().lake / "marts").glob("*")}
    retired = sorted(names - {mart.name for mart in MARTS})
    return [Table(name, "marts", grain="", columns=(), key=()) for name in retired]


def _from_table(table: Table, pseudonym: str) -> int:
    return sum(_from_partition(table, day, pseudonym) for day in lake.partitions(table))


def _from_partition(table: Table, day: date, pseudonym: str) -> int:
    paths = lake.files(table, day)
    rows = sum(_rows_of(path, pseudonym) for path in paths)
    if not rows:
        return 0
    before = lake.manifest(table, day)
    with lake.staging(table, day) as aside:
        parts = [aside / path.name for path in paths]
        for path, part in zip(paths, parts, strict=True):
            _rewrite(table, path, part, pseudonym)
        lake.adopt(table, day, parts, before.inputs, before.models)
    return rows


def _from_loose_files(tables: list[Table], pseudonym: str) -> int:
    """Out of batches that wait for their gate and of quarantined rows."""
    rows = 0
    for table in tables:
        waiting = settings().lake.glob(f"incoming/*/{table.name}.parquet")
        bad = settings().lake.glob(f"quarantine/{table.name}/*/*.parquet")
        rows += sum(_from_file(table, path, pseudonym) for path in (*waiting, *bad))
    return rows


def _from_file(table: Table | None, path: Path, pseudonym: str) -> int:
    if rows := _rows_of(path, pseudonym):
        with replacing(path) as aside:
            _rewrite(table, path, aside, pseudonym)
    return rows


def _from_releases(pseudonym: str) -> int:
    with store.locked():
        store.restore(proposed(""))
        return sum(_from_release(folder, pseudonym) for folder in _release_folders())


def _release_folders() -> Iterator[Path]:
    yield from (store.folder(version) for version in store.versions())
    yield from (path.parent for path in sorted(proposed("").glob(f"[!.]*/{lake.MANIFEST}")))


def _from_release(folder: Path, pseudonym: str) -> int:
    """A release's offers without the customer, its manifest true again."""
    private = [path for path in sorted(folder.rglob("*.parquet")) if _rows_of(path, pseudonym)]
    rows = sum(_rows_of(path, pseudonym) for path in private)
    if rows:
        names = [path.relative_to(folder).as_posix() for path in private]
        fill = partial(_copy_without, folder, names, pseudonym)
        store.build(folder, fill)
    return rows


def _copy_without(release: Path, private: list[str], pseudonym: str, copy: Path) -> None:
    shutil.copytree(release, copy, dirs_exist_ok=True)
    for name in private:
        _from_file(None, copy / name, pseudonym)
    digests = store.digests(copy)
    manifest = json.loads((copy / lake.MANIFEST).read_text(encoding="utf-8"))
    for file in manifest["files"]:
        file["sha256"] = digests[file["name"]]
        if file["name"] in private:
            file["rows"] = pq.read_metadata(copy / file["name"]).num_rows
    (copy / lake.MANIFEST).write_text(to_json(manifest), encoding="utf-8")


def _rows_of(path: Path, pseudonym: str) -> int:
    if CUSTOMER not in pq.read_schema(path).names:
        return 0
    rows: int = ds.dataset(path).count_rows(filter=ds.field(CUSTOMER) == pseudonym)
    return rows


def _rewrite(table: Table | None, path: Path, target: Path, pseudonym: str) -> None:
    rows = pq.read_table(path)
    remaining = without(table, rows, pa.array([pseudonym]))
    pq.write_table(remaining.cast(rows.schema), target, compression="zstd")


def _remove_unfinished() -> None:
    """What killed tasks left: partitions, batches, releases and checkpoints that never counted."""
    with store.locked():
        unfinished = [*settings().lake.rglob(".*"), *settings().published.glob(".*-*")]
        for path in unfinished:
            if path.name != ".lock":
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_warehouse() -> None:
    """The database last, after its log of writes and what DuckDB spilled, there or on landing."""
    path = settings().warehouse
    for beside in (*path.parent.glob(f"{path.name}.*"), settings().spill):
        _remove(beside)
    path.unlink(missing_ok=True)


def _record(entry: dict[str, object]) -> None:
    """Append to the record of the forgotten; the first line of a customer keeps them out."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    append_json_line(record_path(), entry | {"at": at})
