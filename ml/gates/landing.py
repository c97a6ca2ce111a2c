"""The gate where data enters: bad rows to quarantine, the rest to day partitions.

Everything is validated before anything is landed, so a batch that is refused leaves the
lake as it was; a day that is landed is never written again.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml import lake
from ml.contracts import suites
from ml.contracts.sources import SOURCES, TRANSACTIONS
from ml.contracts.table import Table
from ml.errors import GateError, LakeError
from ml.gates import batches, quarantine
from ml.gates.batches import Chunk
from ml.gates.closed_days import closed_days
from ml.gates.validation import Validation
from ml.gates.verdict import Verdict
from ml.sources import incoming
from ml.sources.incoming import Batch

log = logging.getLogger(__name__)

WRITERS = 8  # partitions at a time: each waits for the disk, not for the processor


def gate_landing(as_of: date) -> None:
    """Validate the batch landed for `as_of`; quarantine its bad rows, land the others.

    Raises:
        GateError: more rows are bad than the contract allows, a required day is empty, or
            a column is missing or of another type.
    """
    if incoming.is_gated(as_of):
        log.info("the batch of %s was gated before", as_of)
        return
    batch = incoming.read(as_of)
    if batch is None:
        raise LakeError(f"{incoming.folder(as_of)}: nothing was landed for {as_of}; run land first")
    tables = [table for table in SOURCES if table.name in batch.tables]
    validation = Validation("landing", as_of)
    try:
        verdicts = [_judge(table, batch, validation) for table in tables]
    finally:
        validation.publish()
    for verdict in verdicts:
        verdict.check()
    _check_no_day_is_empty(batch, verdicts)
    for verdict in verdicts:
        _land(verdict, batch)
    incoming.finish(as_of, {verdict.table.name: _summary(verdict) for verdict in verdicts})


def _chunks(table: Table, batch: Batch) -> Iterator[Chunk | None]:
    if not table.day_column:
        yield None
        return
    yield from batches.chunks(table, batch.tables[table.name])


def _judge(table: Table, batch: Batch, validation: Validation) -> Verdict:
    """Validate a table chunk by chunk and write its quarantine."""
    verdict, bad = Verdict(table), []
    received = batch.tables[table.name]
    # What is dated before the source's first sale is known from that day on.
    bounded = table is TRANSACTIONS or received.start > batch.first_day
    start = date.fromisoformat(received.start) if bounded else None
    for chunk in _chunks(table, batch):
        rows = batches.read(table, validation.as_of, chunk)
        frame = batches.frame(table, rows, validation.as_of)
        suite = suites.landing_suite(table, rows.column_names, start, validation.as_of)
        bad.append(verdict.add(rows, frame, validation.validate(frame, suite)))
        log.info("%s: %s of %s rows judged", table.name, verdict.rows, received.rows)
    quarantine.write(table, validation.as_of, pa.concat_tables(bad))
    return verdict


def _check_no_day_is_empty(batch: Batch, verdicts: list[Verdict]) -> None:
    as_of = date.fromisoformat(batch.as_of)
    for verdict in verdicts:
        if verdict.table is not TRANSACTIONS:
            continue
        start = date.fromisoformat(batch.tables[TRANSACTIONS.name].start)
        days = [start + timedelta(n) for n in range((as_of - start).days)]
        empty = [day for day in days if not verdict.accepted_by_day[day]]
        if open_days := sorted(set(empty) - closed_days(empty, as_of)):
            raise GateError(
                f"transactions: empty batch: no sale on {open_days[0]} and "
                f"{len(open_days) - 1} other open days before {as_of}; wait for the source's "
                "export, or name the days in closed_days of assumptions.yml"
            )


def _land(verdict: Verdict, batch: Batch) -> None:
    table, as_of = verdict.table, date.fromisoformat(batch.as_of)
    inputs = {"incoming": f"{batch.source} {batch.as_of}"}
    for chunk, good in zip(_chunks(table, batch), verdict.good, strict=True):
        rows = batches.read(table, as_of, chunk).filter(pa.array(good))
        if chunk is None:
            _land_snapshot(table, as_of, rows, inputs)
        else:
            _land_days(table, chunk, rows, inputs, date.fromisoformat(batch.first_day))
    log.info("%s: landed", table.name)


def _land_snapshot(table: Table, as_of: date, rows: pa.Table, inputs: dict[str, str]) -> None:
    """A partition only when the content differs from the last one's."""
    if any(day <= as_of for day in lake.partitions(table)):
        before = lake.files(table, lake.latest(table, as_of))
        if pa.concat_tables([pq.read_table(path) for path in before]).equals(
            lake.conform(table, rows)
        ):
            return
    lake.write(table, as_of, rows, inputs)


def _land_days(
    table: Table, chunk: Chunk, rows: pa.Table, inputs: dict[str, str], first_day: date
) -> None:
    """One partition a day, also for a day without rows: it says that the day is landed."""
    landed = set(lake.partitions(table))
    day_of = pc.max_element_wise(rows[table.day_column], pa.scalar(first_day))
    order = pc.sort_indices(day_of)
    rows, day_of = rows.take(order), day_of.take(order)
    counts = {d["values"]: d["counts"] for d in day_of.value_counts().to_pylist()}
    days = [d.date() for d in pd.date_range(chunk.start, chunk.end, inclusive="left")]
    sizes = [counts.get(day, 0) for day in days]
    slices = {
        day: rows.slice(end - size, size)
        for day, size, end in zip(days, sizes, accumulate(sizes), strict=True)
        if day not in landed
    }
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda day: lake.write(table, day, slices[day], inputs), slices))


def _summary(verdict: Verdict) -> dict[str, Any]:
    return {
        "received": verdict.rows,
        "accepted": verdict.rows - verdict.quarantined,
        "quarantined": verdict.quarantined,
        "rules": {f"{column}: {rule}": n for (column, rule), n in verdict.rules.items()},
    }
