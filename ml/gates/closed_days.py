"""On which days no sale is expected."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml import lake
from ml.config.assumptions import load_assumptions
from ml.contracts.sources import CALENDAR
from ml.sources import incoming


def closed_days(days: list[date], as_of: date) -> set[date]:
    """Those of `days` that assumptions.yml or the landed calendar call closed."""
    assumed = set(load_assumptions().closed_days)
    return {day for day in days if f"{day:%m-%d}" in assumed} | _closed_in_calendar(as_of)


def _closed_in_calendar(as_of: date) -> set[date]:
    """From the batch that is being gated, or else from the last one that landed."""
    batch = incoming.path(CALENDAR, as_of)
    if batch.is_file():
        paths = [batch]
    elif any(day <= as_of for day in lake.partitions(CALENDAR)):
        paths = lake.files(CALENDAR, lake.latest(CALENDAR, as_of))
    else:
        return set()
    rows = pa.concat_tables([pq.read_table(path) for path in paths])
    return set(rows.filter(pc.field("is_closed"))["date_day"].to_pylist())
