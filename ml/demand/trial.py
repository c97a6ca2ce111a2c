"""How long to train: a fit judged on the last weeks before an origin, which it does not see.

It is judged by its absolute error, as WAPE counts it. By likelihood, which weighs a slow
seller's week like a fast seller's, it would stop after a third of the steps.
"""

import logging
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from ml.demand.fitting import BATCH, EPOCH, FIRST_ORIGIN, optimizer, predict, prepared
from ml.demand.model import NegativeBinomialLoss, StructuredDemand, Tensor
from ml.demand.windows import Panel, covariates, window

log = logging.getLogger(__name__)

PATIENCE = 3  # epochs without a better one


@dataclass(frozen=True)
class Trial:
    """Steps after which the weeks held out were forecast best, and those forecasts.

    `units`, `mean` and `size` are (N, horizon), of weeks no part of the fit has seen.
    """

    steps: int
    units: np.ndarray
    mean: np.ndarray
    size: np.ndarray


def hold_out(panel: Panel, origin: int, horizon: int, steps: int, seed: int) -> Trial | None:
    """Train for at most `steps` without the last `horizon` of the first `origin` weeks.

    Training stops when `PATIENCE` epochs in a row were no better. None where too few weeks
    are left to train on.
    """
    seen, before = panel.until(origin), origin - horizon
    if before <= FIRST_ORIGIN + horizon:
        return None
    model, data = prepared(seen, before, horizon, seed)
    error = keras.metrics.MeanMetricWrapper(absolute_error, name="error")
    model.compile(optimizer(), NegativeBinomialLoss(), weighted_metrics=[error])
    epoch = min(EPOCH, steps)
    history = model.fit(
        data,
        epochs=steps // epoch,
        steps_per_epoch=epoch,
        validation_data=held_out_weeks(model, seen, before),
        validation_batch_size=BATCH,
        callbacks=[
            keras.callbacks.SwapEMAWeights(),
            keras.callbacks.EarlyStopping("val_error", patience=PATIENCE, mode="min"),
        ],
        shuffle=False,
        verbose=0,
    )
    losses = history.history["val_error"]
    chosen = epoch * (int(np.argmin(losses)) + 1)
    log.info("held-out weeks are forecast best after %d steps: %s", chosen, np.round(losses, 4))
    mean, size = predict(model, seen, covariates(seen), before)
    return Trial(chosen, seen.units[:, before:], mean, size)


def absolute_error(units: Tensor, predicted: Tensor) -> Tensor:
    """Of the mean, where `units` are (…, 1) and `predicted` log mean and log size (…, 2)."""
    return ops.abs(units[..., 0] - ops.exp(predicted[..., 0]))


def held_out_weeks(
    model: StructuredDemand, seen: Panel, before: int
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Inputs, units and weights of the forecasts made from the week `before` ends, of no other."""
    inputs = window(seen, covariates(seen), before, model.horizon)
    inputs["codes"] = model.codes(seen.products)
    units = np.zeros((len(seen.products), before, model.horizon, 1), "float32")
    weights = np.zeros(units.shape[:-1], "float32")
    units[:, -1, :, 0] = seen.units[:, before:]
    weights[:, -1] = seen.started[:, before - 1, None]
    return inputs, units, weights
