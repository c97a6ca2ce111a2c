"""How the report writes numbers: the same digits everywhere, a dash where there is none."""

from datetime import date, datetime, timedelta
from math import isfinite

from ml.settings import settings

EN_DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NONE = EN_DASH


def count(value: float | None, digits: int = 0) -> str:
    """12,345 with a true minus sign below zero."""
    if value is None or not isfinite(value):
        return NONE
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:,.{digits}f}".replace("-", MINUS)


def money(value: float | None, digits: int = 0) -> str:
    """$1,234, the sign before the currency."""
    text = count(value, digits)
    if text == NONE:
        return text
    sign = MINUS if text.startswith(MINUS) else ""
    return f"{sign}{settings().currency}{text.removeprefix(MINUS)}"


def price(value: float | None) -> str:
    return money(value, 2)


def percent(value: float | None, digits: int = 0) -> str:
    """A share of 1 as 25%."""
    return NONE if value is None or not isfinite(value) else f"{count(100 * value, digits)}%"


def day(value: date | datetime) -> str:
    """4 Dec."""
    return f"{value.day} {value:%b}"


def iso_day(text: str) -> str:
    """4 Dec, from 2017-12-04."""
    return day(date.fromisoformat(text))


def long_day(value: date | datetime) -> str:
    """4 December 2017."""
    return f"{value.day} {value:%B %Y}"


def period(start: datetime, end: datetime) -> str:
    """The 4th to the 10th of December, in short, from a start and an exclusive end."""
    last = end - timedelta(seconds=1)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day}{EN_DASH}{day(last)}" if start.day != last.day else day(start)
    return f"{day(start)} {EN_DASH} {day(last)}"


FILTERS = {
    "count": count,
    "money": money,
    "price": price,
    "percent": percent,
    "day": day,
    "iso_day": iso_day,
    "long_day": long_day,
}
