"""The days that move every product's sales alike."""

import numpy as np

from ml.demand.data.calendar import month_starts


def test_a_week_counts_by_its_days_among_a_months_first_seven():
    found = month_starts(np.datetime64("2017-01-30"), 6)  # Monday the 30th; two days of January

    np.testing.assert_allclose(found, [5 / 7, 2 / 7, 0, 0, 5 / 7, 2 / 7])


def test_a_month_that_starts_on_a_monday_fills_its_first_week():
    np.testing.assert_allclose(month_starts(np.datetime64("2017-05-01"), 2), [1, 0])
