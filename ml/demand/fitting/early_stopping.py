"""How long to train: a fit judged on the last weeks before an origin, which it does not see.

It is judged by its absolute error, as WAPE counts it. By likelihood, which weighs a slow
seller's week like a fast seller's, it would stop after a third of the steps.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from ml.demand.data.covariates import covariates, window
from ml.demand.data.panel import Panel
from ml.demand.fitting.examples import FIRST_ORIGIN
from ml.demand.fitting.fit import EPOCH, DemandFitting, optimizer, predict, train, untrained
from ml.demand.fitting.resume import fit_folder
from ml.demand.network.effects import learn_effects
from ml.demand.network.structured import NegativeBinomialLoss, StructuredDemand, Tensor
from ml.models.checkpoints import Patience, Progress
from ml.models.devices import prepare_tensorflow, strategy

log = logging.getLogger(__name__)

PATIENCE = 3  # epochs without a better one
FLAT = 0.005  # of the least error: of epochs so close one window does not tell which is best


@dataclass(frozen=True)
class HeldOutFit:
    """The most steps after which the weeks held out were forecast best, or as good as that.

    `error` is the least mean absolute one, in units; the forecasts are of the last step.
    `units`, `mean` and `dispersion` are (N, horizon), of weeks no part of the fit has seen.
    """

    steps: int
    error: float
    units: np.ndarray
    mean: np.ndarray
    dispersion: np.ndarray


def hold_out(
    panel: Panel,
    origin: int,
    fitting: DemandFitting,
    watchers: Sequence[keras.callbacks.Callback] = (),
) -> HeldOutFit | None:
    """Train without the last `fitting.horizon` of the panel's first `origin` weeks.

    At most `fitting.steps`; training stops when `PATIENCE` epochs in a row were no better. None
    where too few weeks are left to train on. `watchers` see each epoch's `val_error`.
    """
    before = origin - fitting.horizon
    if before <= FIRST_ORIGIN + fitting.horizon:
        return None
    seen, past = panel.until(origin), panel.until(before)
    prepare_tensorflow(fitting.seed)
    with strategy().scope():
        model = untrained(past, fitting)
        learn_effects(model, past)
        error = keras.metrics.MeanMetricWrapper(absolute_error, name="error")
        model.compile(
            optimizer(fitting.hyperparameters), NegativeBinomialLoss(), weighted_metrics=[error]
        )
    epoch = min(EPOCH, fitting.steps)
    epochs = fitting.steps // epoch
    key = ("hold out", before, fitting.seed, epoch, epochs, fitting.hyperparameters)
    progress = Progress(fit_folder(fitting.folder, seen, model, *key))
    progress.restore(model)
    train(
        model,
        past,
        (epochs, epoch),
        fitting,
        progress,
        [keras.callbacks.SwapEMAWeights(), Patience(progress, "val_error", PATIENCE), *watchers],
        validation_data=held_out_weeks(model, seen, before),
        validation_batch_size=fitting.hyperparameters.batch,
    )
    losses = progress.logged("val_error")
    good = np.array(losses) <= (1 + FLAT) * min(losses)
    best = epoch * (int(np.flatnonzero(good)[-1]) + 1)
    log.info("held-out weeks are forecast best after %d steps: %s", best, np.round(losses, 4))
    mean, dispersion = predict(model, seen, covariates(seen), before)
    return HeldOutFit(best, min(losses), seen.demand[:, before:], mean, dispersion)


def absolute_error(units: Tensor, predicted: Tensor) -> Tensor:
    """Of the mean, where `units` are (…, 1) and `predicted` log mean and log dispersion (…, 2)."""
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
    weights[:, -1] = seen.started[:, before - 1, None] & seen.in_stock[:, before:]
    return inputs, units, weights
