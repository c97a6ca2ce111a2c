"""Copy the marts dbt built out of the warehouse, into partitions of the lake."""

import logging
from datetime import date
from pathlib import Path

import duckdb

from ml import lake
from ml.contracts.marts import MARTS
from ml.contracts.table import Table
from ml.errors import LakeError
from ml.settings import settings

log = logging.getLogger(__name__)


def export_marts(as_of: date) -> None:
    """Write every mart as the lake partition `as_of`, ordered by key.

    Raises:
        LakeError: the warehouse is missing, or holds a mart built for another date.
    """
    path = settings().warehouse
    if not path.is_file():
        raise LakeError(f"{path} is missing; expected dbt's warehouse: run dbt build first")
    with duckdb.connect(str(path), read_only=True, config={"threads": 2}) as warehouse:
        for mart in MARTS:
            _check_date(warehouse, mart, as_of)
        inputs = _landed_hashes(warehouse)
        for mart in MARTS:
            _export(warehouse, mart, as_of, inputs)


def _check_date(warehouse: duckdb.DuckDBPyConnection, mart: Table, as_of: date) -> None:
    """The date a mart was built for is in its comment, by dbt_project.yml."""
    row = warehouse.execute(
        "select comment from duckdb_tables() where schema_name = 'marts' and table_name = ?",
        [mart.name],
    ).fetchone()
    built_for = row[0] if row else "no such mart"
    if built_for != f"as_of={as_of}":
        raise LakeError(
            f"{mart.uri}: the warehouse holds {built_for}, expected as_of={as_of}; "
            f"run dbt build with PROMOLOOP_AS_OF={as_of}"
        )


def _landed_hashes(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """One hash a landed table, over the batches before the date the marts were built for."""
    rows = warehouse.execute(
        """
        select table_name, sha256(string_agg(day || ' ' || batch_id, ',' order by day))
        from landing.batches
        group by table_name
        """
    ).fetchall()
    return {f"landing/{name}": digest for name, digest in rows}


def _export(
    warehouse: duckdb.DuckDBPyConnection, mart: Table, as_of: date, inputs: dict[str, str]
) -> None:
    with lake.staging(mart, as_of) as aside:
        part: Path = aside / "part.parquet"
        warehouse.execute(
            f"""
            copy (
                select {", ".join(mart.column_names)} from marts.{mart.name}
                order by {", ".join(mart.key)}
            ) to '{part}' (format parquet, compression zstd)
            """
        )
        written = lake.adopt(mart, as_of, [part], inputs)
    log.info("%s as_of=%s: %d rows", mart.uri, as_of, written.rows)
