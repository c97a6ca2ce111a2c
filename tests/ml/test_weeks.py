"""Every stage counts weeks from the same Mondays."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.weeks import monday_of, next_monday


@pytest.mark.parametrize(
    ("day", "this", "following"),
    [
        ("2017-12-04", "2017-12-04", "2017-12-04"),
        ("2017-12-05", "2017-12-04", "2017-12-11"),
        ("2017-12-10", "2017-12-04", "2017-12-11"),
        ("2018-01-01", "2018-01-01", "2018-01-01"),
    ],
)
def test_a_week_begins_on_its_monday(day, this, following):
    day = date.fromisoformat(day)

    assert monday_of(day) == date.fromisoformat(this)
    assert next_monday(day) == date.fromisoformat(following)


def test_a_column_of_times_has_the_mondays_of_its_days():
    times = pd.Series(pd.date_range("2017-11-27", periods=500, freq="7h"))

    mondays = monday_of(times)

    assert mondays.dtype == "datetime64[ns]"
    assert mondays.dt.date.tolist() == [monday_of(time.date()) for time in times]


def test_mondays_are_those_of_numpys_calendar():
    for day in pd.date_range("2016-02-01", periods=60).date:
        for roll, monday in (("backward", monday_of(day)), ("forward", next_monday(day))):
            assert np.busday_offset(day, 0, roll=roll, weekmask="Mon").item() == monday
