"""The plan as a calendar that people subscribe to: iCalendar, RFC 5545.

One event per category and period: what is on promotion, and how deep. An event keeps its UID from
plan to plan, so a calendar that fetches the file again changes it instead of adding one.
"""

import hashlib
from collections.abc import Hashable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from icalendar import Calendar, Event
from icalendar.enums import TRANSP

from ml.errors import ContractError
from ml.report.wording import Row, terms

PERIOD = ["starts_at", "ends_at", "category"]
NEEDED = ("UID", "DTSTAMP", "DTSTART", "SUMMARY")
ASK_AGAIN = timedelta(hours=6)
REMEDY = "make the release of that day again"


def promotions_calendar(
    schedule: pd.DataFrame, names: Mapping[str, str], time_zone: str, version: str
) -> str:
    """The text of `promotions.ics`.

    Args:
        schedule: rows of the PLAN contract, one as-of date.
        names: what a shopper reads, by product_id.
        time_zone: the shop's, in which starts_at and ends_at are written.
        version: of the plan.

    Nothing in it is newer than the as-of date: that midnight stands as the time it was made.
    """
    timestamp = datetime.combine(schedule["as_of"].iloc[0], time(), UTC)
    calendar = Calendar.new(
        name="Promotions",
        description=f"Promotion plan {version}",
        prodid="-//Promoloop//Promotions//EN",
        method="PUBLISH",
        uid="promotions@promoloop",
        refresh_interval=ASK_AGAIN,
        last_modified=timestamp,
    )
    zone = ZoneInfo(time_zone)
    for _, rows in schedule.groupby(PERIOD, sort=True):
        calendar.add_component(_event(rows.to_dict("records"), names, zone, timestamp))
    calendar.add_missing_timezones(timestamp.date(), schedule["ends_at"].max().date())
    return calendar.to_ical().decode("utf-8")


def check_calendar(text: str) -> None:
    """Raise ContractError where a file is no calendar with whole events; says which event."""
    try:
        calendar = Calendar.from_ical(text)
        Calendar.validate(calendar)
        events = calendar.events
    except (AttributeError, ValueError) as error:
        raise ContractError(f"promotions.ics is no iCalendar file: {error}; {REMEDY}") from error
    wrong = [problem for number, event in enumerate(events, 1) for problem in _wrong(number, event)]
    if len({str(event["UID"]) for event in events if "UID" in event}) < len(events):
        wrong.append("two events share a UID, expected one each")
    if calendar.get_missing_tzids():
        wrong.append(f"no VTIMEZONE for {sorted(calendar.get_missing_tzids())}")
    if wrong:
        raise ContractError(f"promotions.ics: {'; '.join(wrong)}; {REMEDY}")


def _wrong(number: int, event: Event) -> list[str]:
    missing = [name for name in NEEDED if name not in event]
    broken = [f"{name} {why}" for name, why in event.errors]
    late = [] if missing or broken or event.start < event.end else ["it ends before it starts"]
    return [f"event {number}: {what}" for what in [f"lacks {m}" for m in missing] + broken + late]


def _event(
    rows: list[dict[Hashable, Any]], names: Mapping[str, str], zone: ZoneInfo, timestamp: datetime
) -> Event:
    starts, ends, category = (rows[0][name] for name in PERIOD)
    named = f"{starts.isoformat()} {ends.isoformat()} {category}"
    promotions = "1 promotion" if len(rows) == 1 else f"{len(rows)} promotions"
    return Event.new(
        uid=f"{hashlib.sha256(named.encode()).hexdigest()[:32]}@promoloop",
        stamp=timestamp,
        start=_moment(starts, zone),
        end=_moment(ends, zone),
        summary=f"{category}: {promotions}, up to {_off(max(row['depth'] for row in rows))}",
        description="\n".join(_line(row, names) for row in rows),
        categories=[category],
        transparency=TRANSP.TRANSPARENT,  # nobody is busy because a product is cheaper
    )


def _moment(local: pd.Timestamp, zone: ZoneInfo) -> date | datetime:
    """A day where it is midnight, as calendars show days; else the time in the shop's zone."""
    if local.time() == time():
        return local.date()
    return local.to_pydatetime().replace(tzinfo=zone)


def _line(row: Row, names: Mapping[str, str]) -> str:
    name = names[row["product_id"]]
    return f"{name} ({row['product_id']}): {terms(row, _off(row['depth']), names)}"


def _off(depth: float) -> str:
    return f"{100 * depth:.0f}% off"
