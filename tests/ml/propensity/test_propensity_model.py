"""The network: offers only help, and what follows an origin cannot be read."""

import keras
import numpy as np
import pytest

from ml.propensity.examples import at_origins, customers
from ml.propensity.model import KnownLogLoss, Propensity


@pytest.fixture
def drafted(histories):
    """Never fitted: its weights are noise."""
    keras.utils.set_random_seed(1)
    model = Propensity(histories.categories, width=4, hidden=4)
    model.build()
    draw = np.random.default_rng(0)
    for weights in model.weights:
        weights.assign_add(draw.normal(0, 0.3, weights.shape))
    return model


@pytest.fixture
def inputs(histories, small):
    known, _ = next(customers(histories, small))
    return at_origins(histories, known, histories.between(-56, -28))


def test_an_offer_adds_its_depth_times_the_lift(drafted, inputs):
    without = drafted.predict_on_batch(inputs | {"depth": 0 * inputs["depth"]})
    deep = np.full_like(inputs["depth"], 0.4)
    found = drafted.predict_on_batch(inputs | {"depth": deep})
    lift = without[..., 2:]
    assert (lift >= 0).all()
    assert lift.std() > 0
    np.testing.assert_allclose(found[..., :2], without[..., :2] + 0.4 * lift, atol=1e-5)


def test_baskets_on_or_after_an_origin_are_not_read(drafted, inputs):
    later = inputs["days"] >= inputs["origins"].max()
    changed = {name: values.copy() for name, values in inputs.items()}
    for name in ("numbers", "bought", "discount"):
        changed[name][later] = 1 - changed[name][later]
    assert later.any()
    assert (drafted.predict_on_batch(changed) == drafted.predict_on_batch(inputs)).all()


def test_of_a_customer_yet_to_come_nothing_is_read(drafted, inputs):
    come_later = {name: values.copy() for name, values in inputs.items()}
    come_later["days"] += 1 + inputs["origins"].max() - inputs["days"].min()
    changed = come_later | {name: 1 - inputs[name] for name in ("numbers", "bought", "discount")}

    assert (come_later["days"].min() > inputs["origins"]).all()
    assert (drafted.predict_on_batch(changed) == drafted.predict_on_batch(come_later)).all()


def test_baskets_before_an_origin_are_read(drafted, inputs):
    earlier = inputs["days"] < inputs["origins"].min()
    bought = inputs["bought"].copy()
    bought[earlier] = 0
    moved = drafted.predict_on_batch(inputs | {"bought": bought}) - drafted.predict_on_batch(inputs)
    assert (np.abs(moved[..., 0]).max(axis=-1) > 1e-3).all()  # of some category


def test_a_saved_model_comes_back_the_same(drafted, inputs, tmp_path):
    drafted.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.categories == drafted.categories
    assert (loaded.predict_on_batch(inputs) == drafted.predict_on_batch(inputs)).all()


def test_what_is_not_known_costs_nothing():
    logits = np.array([[[[0.0, 3.0, 9.0]]]], "float32")
    known = float(KnownLogLoss()(np.array([[[[1.0, -1.0]]]], "float32"), logits))
    assert known == pytest.approx(np.log(2), rel=1e-6)
    both = float(KnownLogLoss()(np.array([[[[1.0, 0.0]]]], "float32"), logits))
    assert both == pytest.approx((np.log(2) + np.log1p(np.exp(3))) / 2, rel=1e-6)
