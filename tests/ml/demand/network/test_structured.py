"""The network: what it recovers, what it cannot do, and what it cannot see."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from ml.demand.data.covariates import covariates, window
from ml.demand.data.groups import trend
from ml.demand.evaluation.checks import everywhere, largest_move, nonfinite_at_extremes
from ml.demand.fitting.examples import examples
from ml.demand.fitting.fit import DemandFitting, fit, predict
from ml.demand.forecasting.responses import responses
from ml.demand.network.structured import ALIVE, NegativeBinomialLoss, adjusted_levels

ELASTICITY, DISPLAY, MAILER = -2.2, 0.9, 0.4  # of the shop
WEEKS, HORIZON = 30, 3


@pytest.fixture(scope="module")
def panel(shop):
    return shop()


@pytest.fixture(scope="module")
def model(panel):
    return fit(panel, WEEKS, DemandFitting(HORIZON, steps=60, seed=7)).model


def test_known_effects_are_recovered(model, panel):
    found = responses(model, panel).set_index("product_id")

    assert found["elasticity"].median() == pytest.approx(ELASTICITY, abs=0.25)
    assert found["display_lift"].median() == pytest.approx(DISPLAY, abs=0.2)
    assert found["mailer_lift"].median() == pytest.approx(MAILER, abs=0.2)
    error = (found["elasticity"] - ELASTICITY) / found["elasticity_sd"]
    assert (error.abs() < 2).mean() > 0.9


def test_no_price_rise_sells_more(model, panel):
    model.effects.start.assign_add(np.array([-50.0, -50.0, 0, 0, 0]) / 10)

    assert (responses(model, panel)["elasticity"] <= 0).all()

    model.effects.start.assign_add(np.array([50.0, 50.0, 0, 0, 0]) / 10)


def test_later_sales_do_not_move_a_forecast(model, panel):
    assert largest_move(model, panel) == 0


def test_an_encoder_that_sees_one_week_too_many_is_caught(model, panel, monkeypatch):
    features = type(model)._features

    def peeking(self, inputs, levels, effect):
        return keras.ops.roll(features(self, inputs, levels, effect), -1, axis=1)

    monkeypatch.setattr(type(model), "_features", peeking)
    copy = type(model).from_config(model.get_config())
    copy.build()
    copy.set_weights(model.get_weights())

    assert largest_move(copy, panel) > 0


def test_a_trend_that_sees_one_week_too_many_is_caught(model, panel, monkeypatch):
    def peeking(units, groups):
        return np.roll(trend(units, groups), -1, axis=1)

    monkeypatch.setattr("ml.demand.data.covariates.trend", peeking)

    assert largest_move(model, panel) > 0


def test_training_examples_hold_nothing_after_the_origin(panel):
    units = panel.units.copy()
    units[:, 20:] = 1e6
    poisoned = replace(
        panel,
        units=units,
        log_price_ratio=np.where(np.arange(WEEKS) < 20, panel.log_price_ratio, -2),
    )

    (clean,), (dirty,) = (examples(p.until(20), HORIZON) for p in (panel, poisoned))

    for name, values in clean.items():
        np.testing.assert_array_equal(values, dirty[name])


def test_targets_are_the_weeks_ahead_and_those_unknown_weigh_nothing(panel):
    (example,) = examples(panel.until(20), HORIZON)

    units, weights = example["target"][..., 0], example["weight"]
    np.testing.assert_array_equal(units[:, 10, 2], panel.units[:, 13])
    assert weights[0, 16].tolist() == [1, 1, 1]
    assert weights[0, 17].tolist() == [1, 1, 0]
    assert weights[0, 19].tolist() == [0, 0, 0]


def test_the_same_data_gives_the_same_weights(panel):
    first, second = (
        fit(panel, 12, DemandFitting(HORIZON, steps=3, seed=7)).model for _ in range(2)
    )

    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_saved_model_forecasts_the_same(model, panel, tmp_path):
    model.save(tmp_path / "demand.keras", include_optimizer=False)
    loaded = keras.saving.load_model(tmp_path / "demand.keras", safe_mode=True)

    known = covariates(panel, HORIZON)
    for a, b in zip(*(predict(m, panel, known, WEEKS) for m in (model, loaded)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_absurd_prices_give_finite_forecasts(model, panel):
    assert nonfinite_at_extremes(model, panel) == 0


def test_a_planned_discount_moves_only_its_own_week_and_product(model, panel):
    known = covariates(panel, HORIZON)
    cut = known["effects"].copy()
    cut[5, WEEKS + 1, 0] = np.log(0.7)

    plain, _ = predict(model, panel, known, WEEKS)
    discounted, _ = predict(model, panel, known | {"effects": cut}, WEEKS)

    elasticity = responses(model, panel)["elasticity"][5]
    assert discounted[5, 1] / plain[5, 1] == pytest.approx(0.7**elasticity, rel=1e-4)
    discounted[5, 1] = plain[5, 1]
    np.testing.assert_allclose(discounted, plain, rtol=1e-6)


def test_a_later_regular_price_moves_nothing(model, panel):
    known = covariates(panel, HORIZON)
    dearer = known["effects"].copy()
    dearer[:, WEEKS:, 1] += 0.3

    plain, _ = predict(model, panel, known, WEEKS)
    later, _ = predict(model, panel, known | {"effects": dearer}, WEEKS)

    np.testing.assert_array_equal(later, plain)
    dearer[:, WEEKS - 1, 1] += 0.3
    today, _ = predict(model, panel, known | {"effects": dearer}, WEEKS)
    assert (today < plain).mean() > 0.9


def test_the_loss_is_the_negative_binomials():
    units, mean, size = np.array([0.0, 3.0, 40.0]), np.array([0.5, 2.0, 60.0]), 4.0
    predicted = np.stack([np.log(mean), np.full(3, np.log(size))], axis=-1).astype("float32")

    loss = NegativeBinomialLoss().call(units[:, None].astype("float32"), predicted)

    weight = np.sqrt(mean) / np.sqrt(mean).mean()
    expected = -stats.nbinom.logpmf(units, size, size / (size + mean)) * weight
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_a_larger_weight_is_not_earned_by_a_larger_forecast():
    units = np.array([[3.0], [5.0]], "float32")
    with tf.GradientTape() as tape:
        log_mean = tf.Variable([1.0, 2.0])
        pairs = tf.stack([log_mean, [0.5, 0.5]], axis=-1)
        loss = tf.reduce_sum(NegativeBinomialLoss().call(units, pairs))
    slope = tape.gradient(loss, log_mean).numpy()

    mean, size = np.exp([1.0, 2.0]), np.exp(0.5)
    score = (units[:, 0] - mean) * size / (size + mean)
    np.testing.assert_allclose(slope, -score * np.sqrt(mean) / np.sqrt(mean).mean(), rtol=1e-4)


def test_the_forecast_is_what_a_product_on_sale_sells_times_the_chance_that_it_is(model, panel):
    silent = replace(panel, units=panel.units * (np.arange(panel.units.shape[1]) < WEEKS - 6))
    known = covariates(silent, HORIZON)
    inputs = window(silent, known, WEEKS, HORIZON) | {"codes": model.codes(panel.products)}

    on_sale = keras.ops.convert_to_numpy(model(inputs, training=True))[:, -1, :, 0]

    mean, _ = predict(model, silent, known, WEEKS)
    alive = np.exp(known["history"][:, WEEKS - 1, ALIVE, None])
    assert alive.min() < 0.9
    np.testing.assert_allclose(mean, np.exp(on_sale) * alive, rtol=1e-4)


def test_a_promotion_does_not_raise_the_level():
    units = np.array([[10, 10, 30, 10, 10, 10]], "float32")
    effect = np.log(np.array([[1, 1, 3, 1, 1, 1]], "float32"))

    levels = keras.ops.convert_to_numpy(adjusted_levels(units, np.ones_like(units), effect))

    np.testing.assert_allclose(levels[0, -1], np.log(10), atol=0.08)


def test_an_unknown_product_gets_its_groups_effects(model, panel):
    stranger = replace(panel, products=panel.products.assign(product_id="new"))

    found = responses(model, stranger)
    groups = found.groupby(panel.products["subcategory"])["elasticity"]

    assert groups.nunique().eq(1).all()
    assert everywhere(model, stranger, covariates(stranger, HORIZON)).shape[0] == 120
