"""Products that have stopped selling: how sure it is, and that the forecast follows."""

from dataclasses import replace

import numpy as np
import pytest

from ml.demand.data.covariates import HISTORY, covariates
from ml.demand.data.survival import ENDS, log_alive
from ml.demand.fitting.examples import examples
from ml.demand.fitting.fit import predict

ALIVE = HISTORY.index("log_alive")


def series(*units):
    found = np.array([units], float)
    return found, np.cumsum(found, axis=1) > 0


def test_it_is_bayes_rule_on_the_weeks_of_silence():
    sells = (3 + 0.5) / (4 + 1)
    silent = 3
    ended = sum((1 - ENDS) ** j * (1 - sells) ** j * ENDS for j in range(silent))
    on_sale = ((1 - ENDS) * (1 - sells)) ** silent

    found = log_alive(*series(0, 2, 0, 1, 5, 0, 0, 0))

    assert np.exp(found[0, -1]) == pytest.approx(on_sale / (on_sale + ended))


def test_a_product_is_on_sale_in_the_weeks_it_sells_and_before():
    found = log_alive(*series(0, 0, 4, 0, 0, 7))

    np.testing.assert_array_equal(found[0, [0, 1, 2, 5]], 0.0)
    assert (np.diff(found[0, 2:5]) < 0).all()


def test_silence_says_more_of_a_product_that_sold_every_week():
    often = log_alive(*series(*[3] * 12, 0, 0, 0))[0, -1]
    seldom = log_alive(*series(*[3, 0, 0, 0] * 3, 0, 0, 0))[0, -1]

    assert often < np.log(0.2) < np.log(0.7) < seldom


def test_long_silence_stays_finite_and_later_weeks_change_nothing():
    units, started = series(*[9] * 30, *[0] * 200)

    found = log_alive(units, started)

    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:, :40], log_alive(units[:, :40], started[:, :40]))


def test_a_forecast_is_multiplied_by_the_chance_that_the_product_is_on_sale(shop, drafted):
    panel = shop(products=6, weeks=20)
    model = drafted(panel, 2)
    known = covariates(panel, 2)
    silent = known["history"].copy()
    silent[1, -1, ALIVE] = np.log(0.25)

    plain, _ = predict(model, panel, known, 20)
    halted, _ = predict(model, panel, known | {"history": silent}, 20)

    np.testing.assert_allclose(halted[1] / plain[1], 0.25, rtol=1e-5)
    np.testing.assert_allclose(np.delete(halted, 1, axis=0), np.delete(plain, 1, axis=0), rtol=1e-6)


def test_training_learns_of_products_while_they_are_on_sale(shop, drafted):
    panel = shop(products=6, weeks=20)
    units = panel.units.copy()
    units[:] = np.maximum(units, 1)
    units[0, 12:] = 0
    panel = replace(panel, units=units)
    (inputs,) = examples(panel.until(20), 2)
    weights = inputs.pop("weight")
    inputs["codes"] = drafted(panel, 2).codes(panel.products)
    model = drafted(panel, 2)
    known = model(inputs, training=True)
    doubted = inputs["history"].copy()
    doubted[..., ALIVE] -= 1.0

    np.testing.assert_array_equal(model(inputs | {"history": doubted}, training=True), known)
    assert (weights[1:, 3:18] == 1).all()
    np.testing.assert_allclose(weights[0, 3:18, 0], np.exp(inputs["history"][0, 3:18, ALIVE]))
    assert weights[0, 17, 0] < 0.01


def test_an_ended_product_is_not_forecast_from_its_past(shop, drafted):
    panel = shop(products=6, weeks=20)
    units = panel.units.copy()
    units[0] = np.where(np.arange(20) < 14, 20.0, 0.0)

    known = covariates(replace(panel, units=units), 2)

    assert np.exp(known["history"][0, -1, ALIVE]) < 0.01
