"""The peers: they learn what can be learnt, in the panel's order, and see nothing later."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from benchmarks.demand import boosting, cold
from benchmarks.demand.cold import boosted_without_history, held_out, others_mean, structured
from benchmarks.demand.run import PEERS, known_at
from ml.demand.data.covariates import covariates
from ml.demand.evaluation import metrics
from ml.demand.evaluation.backtest import Backtest
from ml.demand.fitting.fit import DemandFit

ORIGIN, HORIZON = 26, 4
BY_STATSFORECAST = ("auto_theta", "tsb")


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=80)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(boosting, "MEAN_TREES", 60)
    monkeypatch.setattr(boosting, "QUANTILE_TREES", 15)


def forecast(name, panel, known=None):
    if name in BY_STATSFORECAST:
        pytest.importorskip("statsforecast", reason="of the bench group: make test installs it")
    return PEERS[name](panel.until(ORIGIN), known_at(known or covariates(panel), ORIGIN), HORIZON)


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_gives_means_and_ordered_quantiles_in_the_panels_order(name, panel):
    mean, levels = forecast(name, panel)

    assert mean.shape == (80, HORIZON)
    assert levels.shape == (9, 80, HORIZON)
    assert (np.diff(levels, axis=0) >= 0).all()
    assert (levels >= 0).all()
    usual = panel.units[:, :ORIGIN].mean(axis=1)
    assert np.corrcoef(mean.mean(axis=1), usual)[0, 1] > 0.8


def test_lightgbm_uses_the_plan(panel):
    units = panel.units[:, ORIGIN:]

    mean, _ = forecast("lightgbm", panel)
    known = covariates(panel)
    blind = known["effects"].copy()
    blind[:, ORIGIN:] = 0
    unplanned, _ = forecast("lightgbm", panel, known | {"effects": blind})

    assert metrics.wape(units, mean) < 0.85 * metrics.wape(units, unplanned)


def test_lightgbm_gives_the_same_forecast_twice(panel):
    first, second = forecast("lightgbm", panel), forecast("lightgbm", panel)

    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", BY_STATSFORECAST)
def test_a_steady_series_is_forecast_to_stay(name, panel):
    steady = replace(panel, units=np.broadcast_to(np.arange(1.0, 81)[:, None], panel.units.shape))

    mean, levels = forecast(name, steady)

    np.testing.assert_allclose(mean, steady.units[:, ORIGIN:], rtol=0.01)
    np.testing.assert_allclose(levels[4], mean, rtol=0.01)


def test_weeks_before_the_first_sale_are_not_zero_sales(panel):
    units, started = np.full_like(panel.units, 10.0), panel.started.copy()
    units[:, :12], started[:, :12] = 0.0, False

    mean, _ = forecast("tsb", replace(panel, units=units, started=started))

    np.testing.assert_allclose(mean, 10.0, rtol=0.01)


def test_one_product_in_ten_is_held_out_spread_over_categories(panel):
    new = held_out(panel.products, seed=1)

    assert new.sum() == 8
    assert panel.products[new]["category"].value_counts().tolist() == [2, 2, 2, 2]
    assert (held_out(panel.products, seed=2) != new).any()


def test_a_groups_mean_leaves_the_product_itself_and_new_ones_out(panel):
    units = np.broadcast_to(np.arange(1.0, 81)[:, None], panel.units.shape)
    codes, new = np.repeat([0, 1], 40), np.zeros(80, bool)
    new[2] = True

    mean = others_mean(replace(panel, units=units), codes, new)

    assert mean[0, 20] == pytest.approx((sum(range(1, 41)) - 1 - 3) / 38)
    assert mean[2, 20] == pytest.approx((sum(range(1, 41)) - 3) / 39)


def test_a_held_out_products_past_does_not_reach_its_forecast(panel):
    new = held_out(panel.products, seed=1)
    poisoned = replace(panel, units=np.where(new[:, None], 1e5, panel.units))

    clean, dirty = (
        boosted_without_history(p, covariates(panel), new, ORIGIN) for p in (panel, poisoned)
    )

    assert clean[0].shape == (8, HORIZON)
    for a, b in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(a, b)


def test_ours_forecasts_products_held_out_without_their_past(panel, drafted, monkeypatch):
    panel = panel.until(ORIGIN + HORIZON)
    new = held_out(panel.products, seed=1)
    trained = []

    def fit(others, origin, fitting):
        trained.append((others, fitting.steps))
        keras.utils.set_random_seed(fitting.seed)
        return DemandFit(drafted(others, fitting.horizon), [])

    def forecast_new(seen):
        return structured(Backtest(seen, [], pd.DataFrame(), 1.0, steps=40), new, ORIGIN, seed=1)

    monkeypatch.setattr(cold, "fit", fit)
    before = np.arange(ORIGIN + HORIZON) < ORIGIN
    poisoned = replace(panel, units=np.where(new[:, None] & before, 1e4, panel.units))
    clean, dirty = forecast_new(panel), forecast_new(poisoned)

    assert clean[0].shape == (8, HORIZON)
    for a, b in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(a, b)
    others, steps = trained[1]
    assert others.units.max() < 1e4
    assert (len(others.products), steps) == (72, 40)
