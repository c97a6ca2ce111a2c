"""The published schedules: their rows with the week in which each starts."""

from datetime import date, timedelta

import pandas as pd

from ml.contracts.outputs import PLAN
from ml.releases import shelf
from ml.releases.history import live_before

DAY = timedelta(days=1)
LOOK_BACK = 12  # weeks, beyond which no promotion keeps its product from another


def announced(as_of: date) -> pd.DataFrame:
    """The schedule that was live before as_of, rows of PLAN with their `week`, a Monday."""
    versions = live_before(as_of)
    if not versions:
        return pd.DataFrame(columns=[*PLAN.column_names, "week"])
    return _schedule(versions[0])


def promoted_before(as_of: date, first: date) -> pd.DataFrame:
    """product_id and week of what was on promotion in the LOOK_BACK weeks before `first`.

    Each week, a Monday, as the schedule that went live last among those that reach it had it.
    """
    since, known = first - timedelta(weeks=LOOK_BACK), first
    found = [pd.DataFrame(columns=["product_id", "week"])]
    for version in live_before(as_of):
        if known <= since:
            break
        lines = _schedule(version)
        found.append(lines.loc[lines["week"].between(since, known - DAY), ["product_id", "week"]])
        known = min(lines["week"].min(), known) if len(lines) else known
    return pd.concat(found[1:] or found, ignore_index=True)


def _schedule(version: str) -> pd.DataFrame:
    return with_weeks(pd.read_parquet(shelf.folder(version) / "schedule.parquet"))


def with_weeks(lines: pd.DataFrame) -> pd.DataFrame:
    """Rows of PLAN with the Monday of the week in which each starts."""
    starts = pd.to_datetime(lines["starts_at"])
    return lines.assign(week=starts.dt.to_period("W").dt.start_time.dt.date)
