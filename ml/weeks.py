"""Weeks as the whole project counts them: seven days from a Monday."""

from datetime import date, timedelta
from typing import overload

import pandas as pd


@overload
def monday_of(days: date) -> date: ...
@overload
def monday_of(days: pd.Series) -> pd.Series: ...
def monday_of(days: date | pd.Series) -> date | pd.Series:
    """The Monday of the week that each day is in, itself included.

    A date gives a date; a Series of datetimes gives one of Mondays at midnight (datetime64).
    """
    if isinstance(days, pd.Series):
        mondays: pd.Series = days.dt.to_period("W").dt.start_time
        return mondays
    return days - timedelta(days=days.weekday())


def next_monday(day: date) -> date:
    """The first Monday on or after `day`."""
    return monday_of(day + timedelta(days=6))
