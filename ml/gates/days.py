"""On which days no sale is expected."""

from datetime import date

from ml import lake
from ml.assumptions import load_assumptions
from ml.contracts.sources import CALENDAR


def closed_days(days: list[date], as_of: date) -> set[date]:
    """Those of `days` that assumptions.yml or the landed calendar call closed."""
    assumed = set(load_assumptions().closed_days)
    return {day for day in days if f"{day:%m-%d}" in assumed} | _closed_in_calendar(as_of)


def _closed_in_calendar(as_of: date) -> set[date]:
    if not any(day <= as_of for day in lake.partitions(CALENDAR)):
        return set()
    calendar = lake.read(CALENDAR, lake.latest(CALENDAR, as_of))
    return set(calendar.loc[calendar["is_closed"], "date_day"])
