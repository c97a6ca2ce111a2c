"""On which days no sale is expected."""

from datetime import date

import yaml

from ml import lake
from ml.contracts.sources import CALENDAR
from ml.errors import PolicyError
from ml.settings import settings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def closed_days(days: list[date], as_of: date) -> set[date]:
    """Those of `days` that assumptions.yml or the landed calendar call closed."""
    assumed = _assumed()
    named = {day for day in days if assumed & _names(day)}
    return named | _closed_in_calendar(as_of)


def _names(day: date) -> set[str]:
    return {day.isoformat(), f"{day:%m-%d}", WEEKDAYS[day.weekday()]}


def _assumed() -> set[str]:
    path = settings().assumptions_path
    found = yaml.safe_load(path.read_text(encoding="utf-8")).get("closed_days", [])
    words = {str(word).lower() for word in found}
    bad = sorted(word for word in words if word not in WEEKDAYS and not _is_day(word))
    if bad:
        raise PolicyError(
            f"{path}: closed_days holds {bad}; write month-day ('12-25'), "
            "a date ('2017-12-25') or a weekday ('sunday')"
        )
    return words


def _is_day(word: str) -> bool:
    try:
        date.fromisoformat(word if len(word) > 5 else f"2000-{word}")
    except ValueError:
        return False
    return True


def _closed_in_calendar(as_of: date) -> set[date]:
    if not any(day <= as_of for day in lake.partitions(CALENDAR)):
        return set()
    calendar = lake.read(CALENDAR, lake.latest(CALENDAR, as_of))
    return set(calendar.loc[calendar["is_closed"], "date_day"])
