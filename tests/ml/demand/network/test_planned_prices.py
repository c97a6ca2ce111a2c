"""What a plan tells of prices, and nothing of what then sold."""

from dataclasses import replace

import numpy as np
import pytest

from ml.demand.data.covariates import covariates
from ml.demand.data.depths import filled_depths

NONE = np.nan


def test_an_unsold_week_gets_an_earlier_depth_of_the_product_at_its_support():
    depth = np.array([[0.1, 0.3, 0.2, 0.15, NONE, NONE]])
    mailer = np.array([[0.0, 1.0, 0.0, 0.0, 0.0, 1.0]])

    made = filled_depths(depth, np.zeros_like(mailer), mailer, np.array([0]))

    assert made[0, 4] == 0.2  # of the three, the one that week 4 falls on
    assert made[0, 5] == 0.3


def test_a_support_new_to_a_product_gets_an_earlier_depth_of_its_group():
    depth = np.array([[0.0, 0.0, NONE], [0.3, 0.3, 0.3], [0.1, 0.1, 0.1], [NONE, NONE, 0.2]])
    mailer = np.array([[0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])

    made = filled_depths(depth, np.zeros_like(mailer), mailer, np.array([0, 0, 1, 0]))

    assert made[0, 2] == 0.3
    assert made[3].tolist() == [0.0, 0.0, 0.2]


def test_unsold_weeks_are_as_deep_as_the_weeks_they_are_taken_from():
    rng = np.random.default_rng(0)
    depth = rng.choice([0.0, 0.1, 0.3], (400, 40), p=[0.5, 0.3, 0.2])
    unsold = rng.random(depth.shape) < 0.3

    made = filled_depths(np.where(unsold, NONE, depth), 0 * depth, 0 * depth, np.zeros(400, int))

    late = unsold & (np.arange(40) > 8)
    shares = [(made[late] == d).mean() for d in (0.0, 0.1, 0.3)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


def test_an_unsold_week_is_not_revealed_by_a_depth_that_was_never_asked():
    rng = np.random.default_rng(0)
    depth = rng.choice([0.0, 0.3], (50, 30))
    unsold = np.arange(30) % 3 == 2

    made = filled_depths(np.where(unsold, NONE, depth), 0 * depth, 0 * depth, np.zeros(50, int))

    assert set(made.ravel()) == {0.0, 0.3}


def test_a_filled_depth_knows_nothing_of_later_weeks():
    rng = np.random.default_rng(0)
    depth = np.where(rng.random((6, 9)) < 0.4, NONE, rng.random((6, 9)))
    support, groups = np.zeros((6, 9)), np.array([0, 0, 1, 1, 2, 2])
    changed = depth.copy()
    changed[:, 5:] = 0.9

    before, after = (filled_depths(d, support, support, groups) for d in (depth, changed))

    np.testing.assert_array_equal(before[:, :5], after[:, :5])
    assert np.isfinite(before).all()


def test_planned_prices_are_rounded_and_realised_ones_are_not(shop):
    panel = shop(products=3, weeks=8)
    panel = replace(panel, log_price_ratio=np.full(panel.log_price_ratio.shape, np.log(1 - 0.137)))

    planned, realised = covariates(panel), covariates(panel, price_step=0.0)

    np.testing.assert_allclose(planned["effects"][..., 0], np.log(0.85), rtol=1e-6)
    np.testing.assert_allclose(realised["effects"][..., 0], np.log(1 - 0.137), rtol=1e-6)


def test_the_cents_of_a_realised_price_do_not_reveal_that_something_sold(shop):
    panel = shop(products=3, weeks=8)
    regular = panel.regular_price * np.where(panel.units > np.median(panel.units), 1.004, 1.0)

    moved = covariates(replace(panel, regular_price=regular))["effects"]

    np.testing.assert_array_equal(moved, covariates(panel)["effects"])
