"""A training that starts from an earlier model: by name, or not at all."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from keras import ops

from ml.demand import training
from ml.demand.data.covariates import covariates
from ml.demand.data.panel import STATIC
from ml.demand.evaluation.checks import everywhere
from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.fitting.warm_start import carry_over
from ml.demand.network.structured import StructuredDemand, coefficients
from ml.demand.tracking import WarmStart
from ml.demand.training import LONGEST_CHAIN, starting_point
from ml.errors import GateError
from ml.models import registry

WEEKS, HORIZON = 12, 3


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=24, weeks=WEEKS)


def blank(panel, width=8, **other):
    vocabulary = {s: sorted(panel.products[s].unique()) for s in STATIC}
    model = StructuredDemand(vocabulary, observations=100, horizon=HORIZON, width=width, **other)
    model.build()
    return model


@pytest.fixture(scope="module")
def start(panel, drafted):
    return drafted(panel, HORIZON)


def elasticities(model, products):
    return ops.convert_to_numpy(coefficients(model.effects(model.codes(products))))[:, 0]


def test_with_the_same_products_every_forecast_is_the_same(panel, start):
    model = blank(panel)

    assert carry_over(start, model)

    for a, b in zip(
        *(everywhere(m, panel, covariates(panel)) for m in (start, model)), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_products_come_and_go_and_each_keeps_what_was_learnt_of_it(panel, start):
    """Names are the key: the new product sorts before the old ones and shifts their codes."""
    products = panel.products.iloc[3:]
    new = products.iloc[:1].assign(product_id="a new one")
    grown = replace(panel, products=pd.concat([new, products], ignore_index=True))
    model = blank(grown)

    assert carry_over(start, model)

    np.testing.assert_array_equal(elasticities(model, products), elasticities(start, products))
    row = model.vocabulary["product_id"].index("a new one") + 1
    np.testing.assert_array_equal(model.effects.deviations[3].numpy()[row], 0)


def test_a_new_category_keeps_its_fresh_embedding(panel, start):
    moved = replace(panel, products=panel.products.replace({"category": {"c1": "another"}}))
    model = blank(moved)
    fresh = embedded(model, "another")

    carry_over(start, model)

    np.testing.assert_array_equal(embedded(model, "another"), fresh)
    np.testing.assert_array_equal(embedded(model, "c2"), embedded(start, "c2"))


def embedded(model, category):
    table = model.network.embeddings[1].embeddings.numpy()
    return table[model.vocabulary["category"].index(category) + 1].copy()


@pytest.mark.parametrize("other", [{"width": 16}, {"speed": 3.0}])
def test_a_model_of_another_shape_is_left_as_it_was(panel, start, other):
    model = blank(panel, **other)
    before = [weights.numpy().copy() for weights in model.weights]

    assert not carry_over(start, model)

    for weights, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weights.numpy(), old)


def test_a_warm_training_takes_fewer_steps_and_starts_lower(panel):
    fitting = DemandFitting(HORIZON, steps=60, seed=7)
    cold = fit(panel, WEEKS, fitting)

    warm = fit(panel, WEEKS, fitting, cold.model)

    assert (cold.warm, cold.steps) == (False, 60)
    assert (warm.warm, warm.steps) == (True, 40)
    assert warm.losses[0] < cold.losses[0]


AS_OF = date(2017, 12, 4)


@pytest.fixture
def champion(monkeypatch):
    """A registered champion: the date it was trained for and how long its chain is."""

    def put(as_of, loads=True, **more):
        def load(version):
            if not loads:
                raise GateError("it does not load")
            return "the model"

        monkeypatch.setattr(registry, "parameters", lambda name, v: {"as_of": str(as_of)} | more)
        monkeypatch.setattr(registry, "champion", lambda name: "5")
        monkeypatch.setattr(training, "load", load)
        return starting_point(AS_OF)

    return put


def test_a_champion_of_an_earlier_day_or_the_same_is_a_start(champion):
    assert champion(AS_OF - timedelta(weeks=1)) == WarmStart("5", 1, "the model")
    assert champion(AS_OF, chain="2") == WarmStart("5", 3, "the model")


def test_a_champion_that_saw_later_weeks_is_no_start(champion):
    assert champion(AS_OF + timedelta(days=1)) is None


def test_a_chain_ends_with_a_training_from_scratch(champion):
    assert champion(AS_OF, chain=str(LONGEST_CHAIN - 1)) is not None
    assert champion(AS_OF, chain=str(LONGEST_CHAIN)) is None


def test_a_champion_that_does_not_load_is_no_start(champion):
    assert champion(AS_OF, loads=False) is None
