"""Metrics and quantiles against values worked out by hand or by scipy."""

import numpy as np
import pytest
from scipy import stats

from ml.demand.evaluation import metrics
from ml.demand.evaluation.quantiles import calibrated_scale, quantiles

UNITS = np.array([[10.0, 0.0], [4.0, 6.0]])
MEAN = np.array([[8.0, 1.0], [4.0, 9.0]])


def test_wape_is_the_absolute_error_over_the_units():
    assert metrics.wape(UNITS, MEAN) == pytest.approx((2 + 1 + 0 + 3) / 20)


def test_the_medians_wape_reads_the_middle_quantile_alone():
    quantiles = np.stack([UNITS + k - 4 for k in range(9)]) + 1.0

    assert metrics.wape_median(UNITS, quantiles) == pytest.approx(UNITS.size / UNITS.sum())


def test_bias_is_positive_when_too_much_is_forecast():
    assert metrics.bias(UNITS, MEAN) == pytest.approx((-2 + 1 + 0 + 3) / 20)


def test_scaled_errors_use_each_products_own_naive_error():
    past = np.array([[5.0, 1.0, 3.0, 3.0], [2.0, 2.0, 4.0, 0.0]])
    started = np.array([[False, True, True, True], [True, True, True, True]])

    one = metrics.naive_scale(past, started, 1)
    two = metrics.naive_scale(past, started, 2)

    np.testing.assert_allclose(one, [(2 + 0) / 2, (0 + 2 + 4) / 3])
    np.testing.assert_allclose(two, [(4 + 0) / 2, (0 + 4 + 16) / 3])
    assert metrics.mase(UNITS, MEAN, one) == pytest.approx((1.5 / 1 + 1.5 / 2) / 2)
    rmsse = (np.sqrt(2.5 / 2) + np.sqrt(4.5 / (20 / 3))) / 2
    assert metrics.rmsse(UNITS, MEAN, two) == pytest.approx(rmsse)


def test_a_series_that_never_moved_has_no_scale():
    assert np.isnan(metrics.naive_scale(np.full((1, 4), 3.0), np.ones((1, 4), bool), 1)).all()


def test_quantile_loss_weighs_shortfalls_by_the_level():
    units, levels = np.array([[10.0]]), np.full((9, 1, 1), 8.0)

    expected = np.mean([2 * 0.1 * k * 2 for k in range(1, 10)]) / 10

    assert metrics.weighted_quantile_loss(units, levels) == pytest.approx(expected)


def test_coverage_counts_both_ends():
    levels = np.linspace(0, 8, 9)[:, None, None] * np.ones((1, 1, 3))

    assert metrics.coverage(np.array([[0.0, 8.0, 9.0]]), levels) == pytest.approx(2 / 3)


def test_inner_quantiles_are_scipys_and_none_cross():
    mean, size = np.array([[0.3, 12.0, 1e-6, 5e3]]), np.array([[2.0, 5.0, 0.02, 300.0]])

    levels = quantiles(mean, size)

    assert levels[4, 0, 1] == stats.nbinom.median(5.0, 5 / 17)
    assert levels[7, 0, 0] == stats.nbinom.ppf(0.8, 2.0, 2 / 2.3)
    assert (levels >= 0).all()
    mean, size = np.meshgrid(np.geomspace(1e-6, 1e4, 300), np.geomspace(0.02, 400, 60))
    assert (np.diff(quantiles(mean, size), axis=0) >= 0).all()


@pytest.mark.parametrize("mean", [0.8, 2.0, 7.0, 40.0])
def test_the_outer_quantiles_hold_eighty_percent_where_whole_units_hold_more(mean):
    units = np.random.default_rng(1).negative_binomial(4.0, 4 / (4 + mean), (1, 40_000))
    size = np.full((1, 1), 4.0)

    levels = quantiles(np.full((1, 1), mean), size)
    randomised = units + np.random.default_rng(2).uniform(-0.5, 0.5, units.shape)

    assert (randomised <= levels[8, 0, 0]).mean() == pytest.approx(0.9, abs=0.01)
    if levels[0, 0, 0] > 0:
        assert (randomised >= levels[0, 0, 0]).mean() == pytest.approx(0.9, abs=0.01)


def test_calibration_finds_the_factor_that_was_off():
    rng = np.random.default_rng(0)
    mean = np.full((500, 4), 30.0)
    units = rng.negative_binomial(3.0, 3 / 33, mean.shape).astype(float)

    assert calibrated_scale(units, mean, np.full_like(mean, 6.0)) == pytest.approx(0.5, rel=0.2)
