"""The schedule of a release, and which schedules were live: rows of PLAN with their week."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ml.contracts.outputs import PLAN
from ml.releases import store
from ml.releases.history import live_before
from ml.weeks import monday_of

SCHEDULE = "schedule.parquet"  # of a release's folder
DAY = timedelta(days=1)
LOOK_BACK = 12  # weeks, beyond which no promotion keeps its product from another


def schedule_table(folder: Path) -> pa.Table:
    """The rows of a release's schedule, as it was published."""
    return pq.read_table(folder / SCHEDULE)


def read_schedule(folder: Path) -> pd.DataFrame:
    """A release's schedule with the `week` of each promotion, a Monday (datetime64).

    Columns of PLAN that an older release does not have are null.
    """
    rows = schedule_table(folder).to_pandas(date_as_object=True)
    rows = rows.reindex(columns=PLAN.column_names)
    return rows.assign(week=monday_of(pd.to_datetime(rows["starts_at"])))


def with_weeks(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of PLAN with the Monday of the week in which each starts, a date."""
    return rows.assign(week=monday_of(pd.to_datetime(rows["starts_at"])).dt.date)


def announced(as_of: date) -> pd.DataFrame:
    """The schedule that was live before as_of; its `week` is a date."""
    versions = live_before(as_of)
    if not versions:
        return pd.DataFrame(columns=[*PLAN.column_names, "week"])
    return with_weeks(read_schedule(store.folder(versions[0])))


def promoted_before(as_of: date, first: date) -> pd.DataFrame:
    """product_id and week of what was on promotion in the LOOK_BACK weeks before `first`.

    Each week, a Monday, as the schedule that went live last among those that reach it had it.
    """
    since, reached = first - timedelta(weeks=LOOK_BACK), first
    parts = [pd.DataFrame(columns=["product_id", "week"])]
    for version in live_before(as_of):
        if reached <= since:
            break
        rows = with_weeks(read_schedule(store.folder(version)))
        parts.append(rows.loc[rows["week"].between(since, reached - DAY), ["product_id", "week"]])
        reached = min(rows["week"].min(), reached) if len(rows) else reached
    return pd.concat(parts[1:] or parts, ignore_index=True)
