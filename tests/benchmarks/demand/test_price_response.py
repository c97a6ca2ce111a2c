"""The deviance a fitted response explains, where the truth is known."""

import numpy as np
import pytest

from benchmarks.demand.price_response import poisson_deviance, price_response
from ml.demand.fitting.fit import DemandFitting, fit

ORIGIN = 24


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=60, weeks=36)


@pytest.fixture(scope="module")
def model(panel):
    return fit(panel, ORIGIN, DemandFitting(3, steps=60, seed=7)).model


def test_a_response_that_was_learnt_explains_later_weeks(model, panel):
    found = price_response(model, panel, ORIGIN)

    assert 0.4 < found["deviance_explained"] < 1
    assert found["median_elasticity"] == pytest.approx(-2.2, abs=0.4)
    assert found["share_positive"] == 0


def test_no_response_explains_nothing(model, panel):
    weights = model.get_weights()
    for each in model.effects.weights:
        each.assign(np.zeros(each.shape))
    model.effects.start.assign(np.array([-50.0, -50.0, -0.8, -0.3, 0.0]) / 10)

    found = price_response(model, panel, ORIGIN)

    model.set_weights(weights)
    assert found["deviance_explained"] == pytest.approx(0.0, abs=0.01)


def test_the_deviance_is_poissons():
    units, mean = np.array([0.0, 3.0]), np.array([0.5, 2.0])

    expected = 2 * (0.5 + 3 * np.log(1.5) - 1)

    assert poisson_deviance(units, mean) == pytest.approx(expected)
