"""Fit the demand model, on what was sold before an origin and nothing later."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from ml.demand.data.covariates import window
from ml.demand.data.panel import STATIC, Panel
from ml.demand.fitting.examples import batches, write_examples
from ml.demand.fitting.resume import fit_folder
from ml.demand.fitting.warm_start import carry_over
from ml.demand.network.effects import learn_effects
from ml.demand.network.hyperparameters import Hyperparameters, read_hyperparameters
from ml.demand.network.structured import NegativeBinomialLoss, StructuredDemand
from ml.models.checkpoints import Progress
from ml.models.devices import prepare_tensorflow, strategy

log = logging.getLogger(__name__)

EPOCH = 20  # steps
WARM_SHARE = 0.4  # of the steps, from an earlier model
BATCH = 500  # products predicted at a time
LEAST_WARM = 40  # steps: with fewer the optimiser's restart is still in the averaged weights


@dataclass(frozen=True)
class Fit:
    """A trained model, its loss after each epoch, the steps taken, and whether it started warm."""

    model: StructuredDemand
    losses: list[float]
    steps: int = 0
    warm: bool = False


def fit(
    panel: Panel,
    origin: int,
    horizon: int,
    steps: int,
    seed: int,
    start: StructuredDemand | None = None,
    chosen: Hyperparameters | None = None,
    folder: Path | None = None,
) -> Fit:
    """Train on the panel's first `origin` weeks.

    Args:
        panel: the weeks seen, and perhaps more.
        origin: weeks to train on.
        horizon: weeks ahead.
        steps: gradient steps.
        seed: of the first weights and of the order of the data.
        start: where it has the model's shape, `WARM_SHARE` of the steps from it are enough. It
            must not have been trained on more weeks.
        chosen: hyperparameters, by default those of the settings' file.
        folder: where examples and progress are kept; with it a fit that was killed goes on, and
            one that was finished is read. None: nothing is kept.
    """
    chosen = chosen or read_hyperparameters()
    prepare_tensorflow(seed)
    with strategy().scope():
        model = untrained(panel, origin, horizon, chosen)
        warm = start is not None and carry_over(start, model)
        learn_effects(model, panel, origin)
        model.compile(optimizer(chosen), NegativeBinomialLoss())
    if warm:
        steps = min(steps, max(LEAST_WARM, int(WARM_SHARE * steps)))
    epochs = max(1, steps // EPOCH)
    each = steps // epochs
    told = ("fit", origin, seed, each, epochs, chosen)
    progress = Progress(fit_folder(folder, panel.until(origin), model, *told))
    progress.restore(model)
    train(model, panel, origin, (epochs, each), chosen.batch, seed, progress)
    log.info("trained on %d weeks of %d products", origin, len(panel.products))
    return Fit(model, progress.logged("loss"), epochs * each, warm)


def untrained(panel: Panel, origin: int, horizon: int, chosen: Hyperparameters) -> StructuredDemand:
    """A model of the panel's products with its first weights."""
    model = StructuredDemand(
        vocabulary={level: sorted(panel.products[level].unique()) for level in STATIC},
        observations=int(panel.counts[:, :origin].sum()),
        horizon=horizon,
        width=chosen.width,
        speed=chosen.speed,
    )
    model.build()
    return model


def train(
    model: StructuredDemand,
    panel: Panel,
    origin: int,
    length: tuple[int, int],
    batch: int,
    seed: int,
    progress: Progress,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **judged: Any,
) -> None:
    """Take a compiled model from `progress` to the end of `length` (epochs, steps of each)."""
    if progress.finished:
        return
    done, (epochs, each) = len(progress.epochs), length
    with tempfile.TemporaryDirectory(dir=_made(progress.folder)) as aside:
        shards = write_examples(panel, origin, model, Path(aside))
        model.fit(
            batches(shards, batch, seed, done * each),
            initial_epoch=done,
            epochs=done if progress.stopped else epochs,
            steps_per_epoch=each,
            callbacks=[*callbacks, progress],
            shuffle=False,
            verbose=0,
            **judged,
        )


def _made(folder: Path | None) -> Path | None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def optimizer(chosen: Hyperparameters) -> keras.optimizers.Optimizer:
    """Adam with averaged weights; its loss is scaled where the network is in half precision."""
    adam = keras.optimizers.Adam(
        chosen.learning_rate, clipnorm=1.0, use_ema=True, ema_momentum=chosen.averaging
    )
    half = keras.mixed_precision.dtype_policy().compute_dtype == "float16"
    return keras.optimizers.LossScaleOptimizer(adam) if half else adam


def predict(
    model: StructuredDemand, panel: Panel, known: dict[str, np.ndarray], origin: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and size (N, horizon) of the weeks after the first `origin`, given `known` weeks."""
    inputs = window(panel, known, origin, model.horizon) | {"codes": model.codes(panel.products)}
    return _units(model.predict(inputs, batch_size=BATCH, verbose=0)[:, -1])


def predict_once(
    model: StructuredDemand, panel: Panel, known: dict[str, np.ndarray], origin: int
) -> tuple[np.ndarray, np.ndarray]:
    """What `predict` returns, without its graph, which holds for one length of history alone."""
    inputs = window(panel, known, origin, model.horizon) | {"codes": model.codes(panel.products)}
    made = [
        ops.convert_to_numpy(model({k: v[at : at + BATCH] for k, v in inputs.items()}))[:, -1]
        for at in range(0, len(panel.products), BATCH)
    ]
    return _units(np.concatenate(made))


def _units(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    log_mean, log_size = np.moveaxis(logs, -1, 0)
    return np.exp(log_mean.astype("float64")), np.exp(log_size.astype("float64"))
