"""Products without history: their level, how unsure it is, and that nothing of it is seen."""

from dataclasses import replace

import numpy as np
import pytest

from ml.demand.data.lifts import pooled_lift, surprises
from ml.demand.data.panel import GRIDS
from ml.demand.forecasting.borrowed_level import (
    FREE,
    PENALTY,
    _gamma_ridge,
    calibrated_share,
    level_prior,
    widened,
    with_borrowed_history,
)


@pytest.fixture(scope="module")
def leveled(shop):
    """A shop whose levels follow from subcategory and price alone, but for a known spread."""
    panel = shop(products=240, weeks=26)
    rng = np.random.default_rng(5)
    numbers = np.arange(240)
    price = rng.uniform(1, 9, 240)
    level = 3 + 0.3 * (numbers % 8) - 0.8 * np.log(price) + rng.normal(0, 0.3, 240)
    units = rng.poisson(np.exp(level)[:, None], panel.units.shape).astype(float)
    regular = np.broadcast_to(price[:, None], units.shape)
    return replace(panel, units=units, regular_price=regular), level


@pytest.fixture(scope="module")
def unplanned():
    """No product is promoted in the weeks ahead."""
    return np.zeros((240, 3))


def test_a_level_follows_from_group_and_price(leveled, unplanned):
    panel, level = leveled

    prior = level_prior(panel, np.zeros_like(panel.units), unplanned)

    found = prior.log_mean(panel.products, panel.regular_price[:, 0], unplanned)
    assert (found - level).std() == pytest.approx(0.3, rel=0.2)
    assert prior.sd == pytest.approx(0.3, rel=0.2)


def test_it_is_the_mean_of_skewed_levels_that_is_expected():
    rng = np.random.default_rng(0)
    level = np.exp(rng.normal(0.0, 0.8, 20_000))

    weights, _ = _gamma_ridge(np.ones((20_000, 1)), level, 1)

    assert np.exp(weights[0]) == pytest.approx(level.mean(), rel=0.05)
    assert level.mean() > 1.3


def test_products_promoted_more_are_expected_to_sell_more(leveled, unplanned):
    panel, _ = leveled
    plan = np.random.default_rng(1).uniform(0, 1, (240, 1))
    popular = replace(panel, units=panel.units * np.exp(1.5 * plan))

    prior = level_prior(popular, np.zeros_like(panel.units), plan)

    price, none = panel.regular_price[:, 0], unplanned[:, :1]
    more, less = (prior.log_mean(panel.products, price, none + share) for share in (1, 0))
    np.testing.assert_allclose(more - less, 1.5, atol=0.2)


def test_the_spread_is_of_products_left_out():
    rng = np.random.default_rng(0)
    design, noise = rng.normal(size=(24, 6)), rng.normal(0, 0.02, 24)
    design[:, 0] = 1.0
    level = np.exp(design @ np.array([1.0, 0.1, 0.2, 0.1, 0.0, 0.1]) + noise)
    shrink = np.diag([FREE, FREE, *[PENALTY] * 4])
    weights, expected = _gamma_ridge(design, level, 2)
    reached = design @ weights
    target = reached + level / np.exp(reached) - 1

    def left_out(row: int) -> float:
        x, y = np.delete(design, row, axis=0), np.delete(target, row)
        return design[row] @ np.linalg.solve(x.T @ x + shrink, x.T @ y)

    np.testing.assert_allclose(expected, [left_out(row) for row in range(24)], rtol=1e-3)


def test_a_group_never_seen_gets_its_parents_level(leveled, unplanned):
    panel, level = leveled
    prior = level_prior(panel, np.zeros_like(panel.units), unplanned)
    stranger = panel.products.assign(subcategory="new", category="new", department="new")

    found = prior.log_mean(stranger, np.full(240, 3.0), unplanned)

    assert np.ptp(found) == 0
    assert level.min() < found[0] < level.max()


def test_products_that_never_sold_teach_no_level(leveled, unplanned):
    panel, _ = leveled
    never = np.arange(240) < 10
    unsold = replace(
        panel,
        units=np.where(never[:, None], 0.0, panel.units),
        started=np.broadcast_to(~never[:, None], panel.units.shape),
        regular_price=np.where(never[:, None], np.nan, panel.regular_price),
    )

    found = level_prior(unsold, np.zeros_like(panel.units), unplanned)

    assert found.sd == pytest.approx(0.3, rel=0.2)


def test_promoted_weeks_do_not_raise_the_level(leveled, unplanned):
    panel, _ = leveled
    effect = np.where(np.arange(26) % 2, np.log(3.0), 0.0) * np.ones_like(panel.units)
    promoted = replace(panel, units=panel.units * np.exp(effect))

    plain = level_prior(panel, np.zeros_like(effect), unplanned)
    adjusted = level_prior(promoted, effect, unplanned)

    price = panel.regular_price[:, 0]
    np.testing.assert_allclose(
        adjusted.log_mean(panel.products, price, unplanned),
        plain.log_mean(panel.products, price, unplanned),
        atol=0.15,
    )


def test_widening_is_the_variance_of_a_lognormal_level():
    rng = np.random.default_rng(0)
    mean, size, sd = 20.0, 4.0, 0.5
    level = mean * np.exp(rng.normal(-(sd**2) / 2, sd, 2_000_000))
    units = rng.negative_binomial(size, size / (size + level))

    found = widened(np.array(size), sd)

    assert mean + mean**2 / found == pytest.approx(units.var(), rel=0.03)


def test_an_sd_twice_too_large_is_halved():
    rng = np.random.default_rng(4)
    expected, size, sd = 12.0, 6.0, 0.5
    mean = expected * rng.lognormal(-(sd**2) / 2, sd, (3_000, 1))
    units = rng.poisson(mean * rng.gamma(size, 1 / size, mean.shape))

    share = calibrated_share(units, np.full(units.shape, expected), np.full(units.shape, size), 1.0)

    assert share == pytest.approx(0.5, abs=0.11)


def test_nothing_of_a_held_out_products_past_is_left(shop):
    panel = shop(products=12, weeks=20)
    rows = np.arange(12) % 3 == 0
    other = replace(
        panel,
        units=np.where(rows[:, None] & (np.arange(20) < 16), 999.0, panel.units),
        log_price_ratio=np.where(rows[:, None] & (np.arange(20) < 16), -0.7, panel.log_price_ratio),
    )

    price = panel.regular_price[rows, 16]
    first, second = (with_borrowed_history(p, rows, np.ones(4), price, 16) for p in (panel, other))

    for grid in GRIDS:
        np.testing.assert_array_equal(getattr(first, grid), getattr(second, grid), err_msg=grid)
    assert first.units[rows, :16] == pytest.approx(np.e)
    np.testing.assert_array_equal(
        first.log_price_ratio[rows, 16:], panel.log_price_ratio[rows, 16:]
    )
    np.testing.assert_array_equal(first.units[~rows], panel.units[~rows])


def test_lifts_common_to_all_products_are_found_again(shop):
    found = pooled_lift(shop())

    assert found[[0, 2, 3]] == pytest.approx([-2.2, 0.9, 0.4], abs=0.15)


def test_a_surprise_is_what_promotion_and_level_do_not_explain(shop):
    panel = shop(products=200, weeks=30)
    units = panel.units.copy()
    units[:, 20] *= 3

    found = surprises(replace(panel, units=units))

    assert found.shape == (200, 29)
    assert np.isnan(found[:, 0]).all()
    assert np.nanmedian(found[:, 19]) == pytest.approx(np.log(3), abs=0.15)
    assert np.nanmedian(found[:, 10:19]) == pytest.approx(0, abs=0.1)
    promoted = panel.realised[:, 1:, 3] > 0
    assert np.nanmedian(found[promoted]) == pytest.approx(0, abs=0.1)
