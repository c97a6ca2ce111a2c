"""Fit the demand model, on what was sold before an origin and nothing later."""

import logging
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from ml.demand.model import NegativeBinomialLoss, StructuredDemand
from ml.demand.warm import carry_over
from ml.demand.windows import STATIC, Panel, covariates, window

log = logging.getLogger(__name__)

BATCH = 256
LEARNING_RATE = 4e-3
AVERAGING = 0.97  # of the weights, a step: the average forecasts better than any step's
EPOCH = 20  # steps
WARM_SHARE = 0.4  # of the steps, from an earlier model
LEAST_WARM = 40  # steps: with fewer the optimiser's restart is still in the averaged weights
FIRST_ORIGIN = 3  # weeks of history below which no training forecast is made
THREADS = 2


@dataclass(frozen=True)
class Fit:
    """A trained model, its loss after each epoch, the steps taken, and whether it started warm."""

    model: StructuredDemand
    losses: list[float]
    steps: int = 0
    warm: bool = False


def prepare_tensorflow(seed: int) -> None:
    """Same data, same weights; two threads; half precision only where a GPU makes it pay."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    if tf.config.list_physical_devices("GPU"):
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    except RuntimeError:  # already running, with the threads it has
        log.debug("TensorFlow has started: its threads stay as they are")


def fit(
    panel: Panel,
    origin: int,
    horizon: int,
    steps: int,
    seed: int,
    start: StructuredDemand | None = None,
) -> Fit:
    """Train on the panel's first `origin` weeks.

    From `start`, where it has the model's shape, `WARM_SHARE` of the steps are enough. It must
    not have been trained on more weeks.
    """
    model, data = prepared(panel, origin, horizon, seed)
    warm = start is not None and carry_over(start, model)
    if warm:
        steps = min(steps, max(LEAST_WARM, int(WARM_SHARE * steps)))
    epochs = max(1, steps // EPOCH)
    each = steps // epochs
    model.compile(optimizer(), NegativeBinomialLoss())
    history = model.fit(data, epochs=epochs, steps_per_epoch=each, shuffle=False, verbose=0)
    log.info("trained on %d weeks of %d products", origin, len(panel.products))
    return Fit(model, history.history["loss"], epochs * each, warm)


def prepared(
    panel: Panel, origin: int, horizon: int, seed: int
) -> tuple[StructuredDemand, tf.data.Dataset]:
    """A model with seeded weights, and endless shuffled batches of the first `origin` weeks."""
    prepare_tensorflow(seed)
    inputs, units, weights = examples(panel, origin, horizon)
    vocabulary = {s: sorted(panel.products[s].unique()) for s in STATIC}
    model = StructuredDemand(vocabulary, int(inputs["started"].sum()), horizon)
    inputs["codes"] = model.codes(panel.products)
    data = (
        tf.data.Dataset.from_tensor_slices((inputs, units[..., None], weights))
        .shuffle(len(units), seed=seed)
        .repeat()
        .batch(min(BATCH, len(units)), drop_remainder=True)
        .prefetch(2)
    )
    return model, data


def optimizer() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(LEARNING_RATE, clipnorm=1.0, use_ema=True, ema_momentum=AVERAGING)


def examples(
    panel: Panel, origin: int, horizon: int
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Inputs, the units of each (week, weeks ahead) and the weight of each: 0 where unknown.

    Only the panel's first `origin` weeks are read.
    """
    seen = panel.until(origin)
    inputs = window(seen, covariates(seen), origin, horizon)
    target = np.arange(origin)[:, None] + np.arange(1, horizon + 1)
    units = seen.units[:, np.minimum(target, origin - 1)]
    usable = (target < origin) & (np.arange(origin) >= FIRST_ORIGIN)[:, None]
    weights = usable[None] & seen.started[:, :, None]
    return inputs, units.astype("float32"), weights.astype("float32")


def predict(
    model: StructuredDemand, panel: Panel, known: dict[str, np.ndarray], origin: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and size (N, horizon) of the weeks after the first `origin`, given `known` weeks."""
    inputs = window(panel, known, origin, model.horizon) | {"codes": model.codes(panel.products)}
    log_mean, log_size = np.moveaxis(model.predict(inputs, batch_size=500, verbose=0)[:, -1], -1, 0)
    return np.exp(log_mean.astype("float64")), np.exp(log_size.astype("float64"))
