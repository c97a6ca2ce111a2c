"""The calendar that people subscribe to."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from icalendar import Calendar

from ml.errors import ContractError
from ml.publishing.feeds.icalendar import check_calendar, promotions_calendar

NEW_YORK = ZoneInfo("America/New_York")
NAMES = {"1": "Tea; black, 20 ct", "2": "Teapot", "3": "Cups"}


def promotion(product_id, category, mechanic, depth, starts, ends):
    return {
        "as_of": date(2017, 12, 1),
        "product_id": product_id,
        "category": category,
        "mechanic": mechanic,
        "depth": depth,
        "starts_at": pd.Timestamp(starts),
        "ends_at": pd.Timestamp(ends),
    }


@pytest.fixture
def text():
    week = ("2017-12-04", "2017-12-11")
    schedule = pd.DataFrame(
        [
            promotion("1", "TEA", "percent_off", 0.2, *week),
            promotion("2", "TEA", "percent_off", 0.4, *week),
            promotion("3", "CUPS", "flash", 0.3, "2017-12-09 10:00", "2017-12-09 16:00"),
        ]
    )
    return promotions_calendar(schedule, NAMES, "America/New_York", "2017-12-01-abc")


def test_a_category_and_week_is_one_event_over_its_days(text):
    tea, cups = Calendar.from_ical(text).events

    assert (tea.start, tea.end) == (date(2017, 12, 4), date(2017, 12, 11))
    assert tea["SUMMARY"] == "TEA: 2 promotions, up to 40% off"
    assert tea["DESCRIPTION"] == ("Tea; black, 20 ct (1): 20% off\nTeapot (2): 40% off")
    assert cups["SUMMARY"] == "CUPS: 1 promotion, up to 30% off"
    assert cups.start == datetime(2017, 12, 9, 10, tzinfo=NEW_YORK)
    assert cups.end == datetime(2017, 12, 9, 16, tzinfo=NEW_YORK)


def test_the_file_keeps_rfc_5545(text):
    check_calendar(text)
    lines = text.encode().split(b"\r\n")

    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in b"".join(lines)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert "BEGIN:VTIMEZONE" in text
    assert {event.DTSTAMP for event in Calendar.from_ical(text).events} == {
        datetime(2017, 12, 1, tzinfo=UTC)
    }


def test_an_event_keeps_its_uid_when_its_promotions_change(text):
    schedule = pd.DataFrame([promotion("2", "TEA", "percent_off", 0.1, "2017-12-04", "2017-12-11")])
    later = promotions_calendar(schedule, NAMES, "America/New_York", "2017-12-02-def")

    uid = Calendar.from_ical(later).events[0]["UID"]
    assert uid == Calendar.from_ical(text).events[0]["UID"]
    assert uid != Calendar.from_ical(text).events[1]["UID"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("BEGIN:VCALENDAR", "BEGIN:VCARD", "no iCalendar file"),
        ("SUMMARY:TEA", "COMMENT:TEA", "event 1: lacks SUMMARY"),
        ("DTSTART;VALUE=DATE:20171204", "DTSTART;VALUE=DATE:20171304", "event 1"),
        ("DTEND;VALUE=DATE:20171211", "DTEND;VALUE=DATE:20171204", "ends before it starts"),
        ("TZID=America/New_York", "TZID=Mars/Olympus", "VTIMEZONE"),
    ],
)
def test_a_broken_calendar_is_refused_by_event_and_property(text, old, new, message):
    assert old in text
    with pytest.raises(ContractError, match=message):
        check_calendar(text.replace(old, new))
