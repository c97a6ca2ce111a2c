"""The lake: partitions that appear whole or not at all, each with a manifest.

A partition is a folder `<layer>/<table>/<day|as_of>=YYYY-MM-DD/` holding Parquet files
named by their content and a `manifest.json` that says which of them count. Writing puts
the files beside the old ones, syncs them, then replaces the manifest in one rename: a
reader sees the old partition or the new one. The same rows give the same bytes.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml.contracts.table import Table
from ml.errors import ContractError, LakeError
from ml.files import replace_text, sync, to_json
from ml.settings import PROJECT, settings

MANIFEST = "manifest.json"
DBT = ("dbt_project.yml", "models/**/*", "macros/**/*", "seeds/**/*")
DELIVERY = PROJECT / "ml/publishing/targets"  # carries finished releases and makes none
CODE = ("ml/**/*", "spark_jobs/**/*", *(f"dbt_project/{pattern}" for pattern in DBT))


@dataclass(frozen=True)
class DataFile:
    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a partition holds and what it was made from.

    `inputs` maps table names to the content hashes read; `models` maps model names to versions.
    """

    table: str
    partition: str
    rows: int
    content_hash: str
    files: list[DataFile]
    inputs: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    code_version: str = ""


def code_files() -> list[Path]:
    """The files whose change may change what a partition or a release holds."""
    paths = (p for pattern in CODE for p in sorted(PROJECT.glob(pattern)))
    return [
        path
        for path in paths
        if path.is_file() and path.suffix != ".pyc" and DELIVERY not in path.parents
    ]


@lru_cache
def code_version() -> str:
    """A hash of the code that makes partitions, so that a manifest names what made it."""
    digest = hashlib.sha256()
    for path in code_files():
        digest.update(path.relative_to(PROJECT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def folder(table: Table, on: date) -> Path:
    return settings().lake / table.layer / table.name / f"{table.partition}={on.isoformat()}"


def partitions(table: Table) -> list[date]:
    """The days of the table's complete partitions, oldest first."""
    manifests = (settings().lake / table.layer / table.name).glob(f"{table.partition}=*/{MANIFEST}")
    return sorted(date.fromisoformat(path.parent.name.partition("=")[2]) for path in manifests)


def latest(table: Table, as_of: date) -> date:
    """The last partition on or before `as_of`."""
    earlier = [day for day in partitions(table) if day <= as_of]
    if not earlier:
        raise LakeError(
            f"{table.uri}: no partition on or before {as_of}; run the stage that writes it"
        )
    return earlier[-1]


def manifest(table: Table, on: date) -> Manifest:
    path = folder(table, on) / MANIFEST
    if not path.is_file():
        raise LakeError(
            f"{table.uri}: partition {table.partition}={on} is missing ({path}); "
            "run the stage that writes it for that date"
        )
    values = json.loads(path.read_text())
    return Manifest(**(values | {"files": [DataFile(**f) for f in values["files"]]}))


def inputs(tables: Iterable[Table], as_of: date) -> dict[str, str]:
    """What a manifest names as read: the content hash of each table's partition, by its name."""
    return {table.name: manifest(table, as_of).content_hash for table in tables}


def files(table: Table, on: date) -> list[Path]:
    """The Parquet files of a partition, each checked to be there."""
    paths = [folder(table, on) / f.name for f in manifest(table, on).files]
    for path in paths:
        if not path.is_file():
            raise LakeError(
                f"{table.uri}: {path} is named by its manifest but is not there; "
                "run the stage that writes it again"
            )
    return paths


def read(table: Table, on: date, columns: list[str] | None = None) -> pd.DataFrame:
    """One partition as a frame, in the order it was written."""
    parts = [pq.read_table(path, columns=columns) for path in files(table, on)]
    return pa.concat_tables(parts).to_pandas(date_as_object=True)


def write(
    table: Table,
    on: date,
    frame: pd.DataFrame | pa.Table,
    inputs: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
) -> Manifest:
    """Replace a partition by `frame`, sorted by the table's key.

    Raises:
        ContractError: a column is missing or has another type, a null or a duplicate key
            stands where the contract allows none.
    """
    rows = conform(table, frame)
    with staging(table, on) as folder_aside:
        path = folder_aside / "part.parquet"
        pq.write_table(rows, path, compression="zstd")
        return adopt(table, on, [path], inputs, models)


def conform(table: Table, frame: pd.DataFrame | pa.Table) -> pa.Table:
    """`frame` as the contract's columns and types, sorted by key, keys checked."""
    rows = (
        frame
        if isinstance(frame, pa.Table)
        else pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
    )
    missing = [name for name in table.column_names if name not in rows.column_names]
    if missing:
        raise ContractError(
            f"{table.uri}: columns {missing} are missing; received {rows.column_names}"
        )
    nullable = pa.schema([f.with_nullable(True) for f in table.schema])
    try:
        rows = rows.select(table.column_names).cast(nullable)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ContractError(f"{table.uri}: a column has the wrong type: {error}") from error
    for column in table.columns:
        if not column.nullable and rows[column.name].null_count:
            raise ContractError(
                f"{table.uri}.{column.name}: {rows[column.name].null_count} nulls; none are allowed"
            )
    keys = rows.group_by(list(table.key)).aggregate([([], "count_all")])
    if len(keys) < len(rows):
        double = keys.filter(pc.greater(keys["count_all"], 1)).slice(0, 1).to_pylist()[0]
        raise ContractError(f"{table.uri}: key {table.key} is not unique, for example {double}")
    return rows.sort_by([(name, "ascending") for name in table.key]).cast(table.schema)


@contextmanager
def staging(table: Table, on: date) -> Iterator[Path]:
    """A folder on the lake's file system to write into before `adopt`; removed at the end."""
    parent = folder(table, on).parent
    parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{on.isoformat()}-", dir=parent))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def adopt(
    table: Table,
    on: date,
    parts: Iterable[Path],
    inputs: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
) -> Manifest:
    """Make Parquet files already on the lake's file system the partition's content."""
    target = folder(table, on)
    target.mkdir(parents=True, exist_ok=True)
    adopted = []
    for part in parts:
        digest = _sha256(part)
        data_file = DataFile(f"{digest[:16]}.parquet", pq.read_metadata(part).num_rows, digest)
        sync(part)
        part.replace(target / data_file.name)
        adopted.append(data_file)
    sync(target)
    new_manifest = Manifest(
        table=table.name,
        partition=f"{table.partition}={on.isoformat()}",
        rows=sum(f.rows for f in adopted),
        content_hash=hashlib.sha256("".join(f.sha256 for f in adopted).encode()).hexdigest(),
        files=adopted,
        inputs=dict(sorted((inputs or {}).items())),
        models=dict(sorted((models or {}).items())),
        code_version=code_version(),
    )
    replace_text(target / MANIFEST, to_json(asdict(new_manifest)))
    current = {f.name for f in adopted} | {MANIFEST}
    for stale in target.iterdir():
        if stale.name not in current:
            stale.unlink()
    return new_manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
