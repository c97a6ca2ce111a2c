"""Rivals' means and groups' trends, by hand."""

import numpy as np
import pytest

from ml.demand.data.groups import others_mean, trend

GROUPS = np.array([0, 0, 0, 1])


def test_rivals_are_the_others_on_sale():
    values = np.array([[1.0], [2.0], [4.0], [8.0]])
    present = np.array([[True], [True], [False], [True]])

    found = others_mean(values, present, GROUPS)[:, 0]

    assert found.tolist() == [2.0, 1.0, 1.5, 0.0]


def test_a_trend_compares_a_groups_week_with_the_mean_of_those_before():
    units = np.array([[4.0, 2.0, 9.0], [0.0, 2.0, 3.0], [0.0, 4.0, 0.0], [5.0, 5.0, 5.0]])

    found = trend(units, GROUPS)

    assert found[0, 1] == found[2, 1] == pytest.approx(np.log((8 + 1) / (4 + 1)))
    assert found[0, 2] == pytest.approx(np.log((12 + 1) / (6 + 1)))
    np.testing.assert_array_equal(found[3], 0)


def test_a_trend_forgets_what_is_long_past():
    units = np.ones((1, 20))
    units[0, 0] = 1000.0

    found = trend(units, np.array([0]))

    assert found[0, 8] < -4
    assert found[0, 9] == 0
