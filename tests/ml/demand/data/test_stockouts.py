"""Demand where stock ran out: against simulation, monotone, and blind to later weeks."""

from dataclasses import replace

import numpy as np
import pytest

from ml.demand.data.stockouts import SIZE, USUAL, expected_from, unconstrained
from ml.demand.network.priors import STARTS
from ml.demand.network.structured import coefficients

WEEKS = 40


def test_usual_effects_are_those_that_the_model_starts_from():
    starts = np.array([STARTS[:4]], "float32")

    assert np.asarray(coefficients(starts))[0] == pytest.approx(USUAL, abs=0.01)


@pytest.mark.parametrize("mean", [0.6, 4.0, 60.0])
def test_what_is_expected_from_a_count_on_is_the_mean_of_such_draws(mean):
    drawn = np.random.default_rng(5).negative_binomial(SIZE, SIZE / (SIZE + mean), 1_000_000)

    for least in (0, 1, 2, round(2 * mean)):
        beyond = drawn[drawn >= least].mean()
        found = expected_from(np.array([float(least)]), np.array([mean]))
        assert found == pytest.approx(beyond, rel=0.01)


def test_far_beyond_what_was_expected_it_is_somewhat_more_than_what_sold():
    least = np.array([10.0, 100.0, 1000.0, 10_000.0])

    found = expected_from(least, np.full(4, 0.5))

    assert (found >= least).all()
    assert (found <= 1.5 * least + 1).all()


@pytest.fixture(scope="module")
def cut(shop):
    """A shop whose stock is 1.5 times the product's mean, and what it would have sold."""
    whole = shop(products=300, weeks=WEEKS, seed=8)
    stock = np.ceil(1.5 * whole.units.mean(axis=1, keepdims=True))
    out = whole.units >= stock
    return replace(whole, units=np.minimum(whole.units, stock), in_stock=~out), whole


def test_what_was_lost_is_found_again_in_sum(cut):
    panel, whole = cut
    late = np.s_[:, 10:]

    lost = 1 - panel.units[late].sum() / whole.units[late].sum()
    left = 1 - panel.unconstrained[late].sum() / whole.units[late].sum()

    assert lost > 0.1
    assert abs(left) < lost / 4
    assert (panel.unconstrained >= panel.units).all()
    np.testing.assert_array_equal(panel.unconstrained[panel.in_stock], whole.units[panel.in_stock])


def test_an_estimate_reads_no_later_week(cut):
    panel, _ = cut
    later = np.arange(WEEKS) >= 30
    other = replace(
        panel,
        units=np.where(later, 999.0, panel.units),
        in_stock=np.where(later, ~panel.in_stock, panel.in_stock),
        log_price_ratio=np.where(later, -0.5, panel.log_price_ratio),
    )

    np.testing.assert_array_equal(other.unconstrained[:, :30], panel.unconstrained[:, :30])
    np.testing.assert_array_equal(panel.until(30).unconstrained, panel.unconstrained[:, :30])


def test_a_product_of_which_nothing_sold_yet_is_left_alone():
    sold, out = np.zeros((1, 6)), np.zeros((1, 6), bool)
    effects = np.zeros((1, 6, 4))

    assert unconstrained(sold, out, out, effects).sum() == 0
