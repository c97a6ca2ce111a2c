"""Read the source's business days that are not landed yet into lake/incoming."""

import logging
from datetime import date, timedelta

import pyarrow.parquet as pq

from ml import lake, privacy
from ml.contracts.table import Table
from ml.errors import SourceError
from ml.settings import settings
from ml.sources import incoming
from ml.sources.adapters import open_source
from ml.sources.incoming import Batch, Received
from ml.sources.source import Source

log = logging.getLogger(__name__)


def land(as_of: date, source: str | None = None) -> None:
    """Write what the source knows of the days before `as_of` that are not landed yet.

    A table the source did not offer before lands with its whole history. A batch that was
    gated is left alone unless days are missing, so landing a day twice changes nothing.
    """
    privacy.check_key()
    settings().spill.mkdir(parents=True, exist_ok=True)
    adapter = open_source(source)
    if as_of <= adapter.first_day():
        raise SourceError(
            f"as-of {as_of}: the source {adapter.name} starts on {adapter.first_day()}; "
            "choose a later as-of date"
        )
    received = {
        table.name: _land_table(adapter, table, start, as_of)
        for table in adapter.offers()
        if (start := _start(table, adapter, as_of))
    }
    if not received:
        log.info("%s: every day before %s is landed", adapter.name, as_of)
        return
    incoming.commit(
        Batch(as_of.isoformat(), adapter.name, adapter.first_day().isoformat(), received)
    )


def _start(table: Table, adapter: Source, as_of: date) -> date | None:
    """The first day to read, or None when there is nothing to read."""
    if table.partition == "as_of":
        return None if incoming.is_gated(as_of) and lake.partitions(table) else adapter.first_day()
    landed = set(lake.partitions(table))
    days = (as_of - adapter.first_day()).days
    wanted = (adapter.first_day() + timedelta(n) for n in range(days))
    start = next((day for day in wanted if day not in landed), None)
    unfinished = None if incoming.is_gated(as_of) else incoming.read(as_of)
    if unfinished and table.name in unfinished.tables:
        before = date.fromisoformat(unfinished.tables[table.name].start)
        return min(before, start or before)
    return start


def _land_table(adapter: Source, table: Table, start: date, as_of: date) -> Received:
    incoming.write_table(adapter.read(table, start, as_of), table, as_of)
    rows = pq.read_metadata(incoming.path(table, as_of)).num_rows
    log.info("%s.%s: %s rows of [%s, %s) received", adapter.name, table.name, rows, start, as_of)
    return Received(start.isoformat(), as_of.isoformat(), rows)
