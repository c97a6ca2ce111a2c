"""Several devices, or half precision, learn what one device learns in full."""

import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

from ml.demand.data.covariates import covariates
from ml.demand.fitting.fit import DemandFitting, fit, predict
from ml.demand.network.hyperparameters import DemandHyperparameters

WEEKS, HORIZON, STEPS = 14, 2, 40
SMALL = DemandHyperparameters.read().model_copy(update={"width": 8, "batch": 16})
FITTING = DemandFitting(HORIZON, STEPS, seed=7, hyperparameters=SMALL)
ON_TWO_DEVICES = """
import pickle, sys
import tensorflow as tf
from ml.demand.fitting import fit
from ml.models import devices

panel, chosen = pickle.load(open(sys.argv[1], "rb"))
(cpu,) = tf.config.list_physical_devices("CPU")
two = [tf.config.LogicalDeviceConfiguration(), tf.config.LogicalDeviceConfiguration()]
tf.config.set_logical_device_configuration(cpu, two)
devices.SPLIT_OVER = "CPU"
assert devices.strategy().num_replicas_in_sync == 2
fitted = fit.fit(panel, 14, fit.DemandFitting(2, 40, 7, chosen))
pickle.dump((fitted.losses, fitted.model.get_weights()), open(sys.argv[2], "wb"))
"""


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=32, weeks=WEEKS)


@pytest.fixture(scope="module")
def alone(panel):
    return fit(panel, WEEKS, FITTING)


def forecast(model, panel):
    return predict(model, panel, covariates(panel, HORIZON), WEEKS)[0]


def test_two_mirrored_devices_follow_the_loss_of_one(panel, alone, tmp_path):
    given, found = tmp_path / "given.pickle", tmp_path / "found.pickle"
    given.write_bytes(pickle.dumps((panel, SMALL)))
    subprocess.run([sys.executable, "-c", ON_TWO_DEVICES, given, found], check=True)

    losses, weights = pickle.loads(found.read_bytes())

    np.testing.assert_allclose(losses, alone.losses, rtol=0.01)
    for mirrored, single in zip(weights, alone.model.get_weights(), strict=True):
        np.testing.assert_allclose(mirrored, single, atol=0.02)


def test_half_precision_gives_finite_losses_and_close_forecasts(panel, alone):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        half = fit(panel, WEEKS, FITTING)
    finally:
        keras.mixed_precision.set_global_policy("float32")

    assert isinstance(half.model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert half.model.network.compute_dtype == "float16"
    np.testing.assert_allclose(half.losses, alone.losses, rtol=1e-3)
    np.testing.assert_allclose(forecast(half.model, panel), forecast(alone.model, panel), rtol=0.1)
