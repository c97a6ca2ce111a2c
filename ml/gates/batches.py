"""A batch's rows as the gate reads them: a month at a time, typed as the contract says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.sources import SOURCES, TRANSACTIONS
from ml.contracts.suites import UNIT_PRICE, UNKNOWN, UNREADABLE
from ml.contracts.table import ARROW, Table
from ml.errors import GateError
from ml.gates.frames import as_frame
from ml.sources import incoming
from ml.sources.incoming import Received

AT_ONCE = 1_500_000  # rows


@dataclass(frozen=True)
class Chunk:
    """The rows of the business days [start, end), and with the first those of no such day."""

    start: date
    end: date
    strays: ds.Expression | None


def chunks(table: Table, received: Received) -> Iterator[Chunk]:
    """The batch, by month when it is large: memory does not grow with the history."""
    start, end = date.fromisoformat(received.start), date.fromisoformat(received.end)
    day = ds.field(table.day_column)
    strays = day.is_null() | (day < pa.scalar(start)) | (day >= pa.scalar(end))
    while start < end:
        until = end if received.rows <= AT_ONCE else min(end, _next_month(start))
        yield Chunk(start, until, strays)
        start, strays = until, None


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def read(table: Table, as_of: date, chunk: Chunk | None = None) -> pa.Table:
    """A chunk, or a whole snapshot, with every column of the contract.

    Raises:
        GateError: a column is missing, or is not of the contract's type.
    """
    wanted = None
    if chunk:
        day = ds.field(table.day_column)
        wanted = (day >= pa.scalar(chunk.start)) & (day < pa.scalar(chunk.end))
        wanted = wanted if chunk.strays is None else wanted | chunk.strays
    return _typed(table, pq.read_table(incoming.path(table, as_of), filters=wanted))


def frame(table: Table, rows: pa.Table, as_of: date) -> pd.DataFrame:
    """Rows as Great Expectations validates them, with columns that show what is wrong."""
    for name, reference in table.known_in.items():
        unknown = pc.invert(pc.is_in(rows[name], _keys_of(*reference, as_of)))
        rows = rows.append_column(name + UNKNOWN, pc.if_else(unknown, rows[name], None))
    if table is TRANSACTIONS:
        items = pc.if_else(pc.greater(rows["quantity"], 0), rows["quantity"], None)
        rows = rows.append_column(UNIT_PRICE, pc.divide(rows["net_sales"], items))
    return as_frame(rows)


def _keys_of(name: str, column: str, as_of: date) -> pa.Array:
    """The values of another table: from this batch, or as landed before."""
    table = next(table for table in SOURCES if table.name == name)
    path = incoming.path(table, as_of)
    paths = [path] if path.is_file() else lake.files(table, lake.latest(table, as_of))
    return pa.concat_tables([pq.read_table(p, columns=[column]) for p in paths])[column].unique()


def _typed(table: Table, rows: pa.Table) -> pa.Table:
    for column in table.columns:
        wanted = ARROW[column.kind]
        if column.name not in rows.column_names:
            if not column.nullable:
                raise GateError(
                    f"{table.name}: column {column.name} is missing; received "
                    f"{rows.column_names}; map it or add it to the source"
                )
            rows = rows.append_column(column.name, pa.nulls(len(rows), wanted))
            continue
        index = rows.schema.get_field_index(column.name)
        try:
            rows = rows.set_column(index, column.name, rows[column.name].cast(wanted))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise GateError(
                f"{table.name}.{column.name}: wrong type: arrived as "
                f"{rows[column.name].type}, expected {column.kind}: {error}"
            ) from error
    evidence = [name for name in rows.column_names if name.endswith(UNREADABLE)]
    return rows.select(table.column_names + evidence)
