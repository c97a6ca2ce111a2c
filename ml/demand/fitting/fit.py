"""Fit the demand model, on what was sold before an origin and nothing later."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
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
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.demand.network.structured import NegativeBinomialLoss, StructuredDemand
from ml.models.checkpoints import Progress
from ml.models.devices import prepare_tensorflow, strategy

log = logging.getLogger(__name__)

EPOCH = 20  # steps
WARM_SHARE = 0.4  # of the steps, from an earlier model
BATCH = 500  # products predicted at a time
LEAST_WARM = 40  # steps: with fewer the optimiser's restart is still in the averaged weights


@dataclass(frozen=True)
class DemandFitting:
    """How the network is fitted.

    Attributes:
        horizon: weeks ahead.
        steps: gradient steps.
        seed: of the first weights and of the order of the data.
        folder: where examples and progress are written: a fit that was killed resumes from it, and
            one that was finished is read. None: nothing is written.
    """

    horizon: int
    steps: int
    seed: int
    hyperparameters: DemandHyperparameters = field(default_factory=DemandHyperparameters.read)
    folder: Path | None = None


@dataclass(frozen=True)
class DemandFit:
    """A trained model, its loss after each epoch, the steps taken, and whether it started warm."""

    model: StructuredDemand
    losses: list[float]
    steps: int = 0
    warm: bool = False


def fit(
    panel: Panel, origin: int, fitting: DemandFitting, start: StructuredDemand | None = None
) -> DemandFit:
    """Train on the panel's first `origin` weeks.

    Args:
        panel: the weeks seen, and perhaps more.
        origin: weeks to train on.
        fitting: how; with a `start` fewer steps are taken.
        start: where it has the model's shape, `WARM_SHARE` of the steps from it are enough. It
            must not have been trained on more weeks.
    """
    prepare_tensorflow(fitting.seed)
    seen = panel.until(origin)
    with strategy().scope():
        model = untrained(seen, fitting)
        warm = start is not None and carry_over(start, model)
        learn_effects(model, seen)
        model.compile(optimizer(fitting.hyperparameters), NegativeBinomialLoss())
    steps = fitting.steps
    if warm:
        steps = min(steps, max(LEAST_WARM, int(WARM_SHARE * steps)))
    epochs = max(1, steps // EPOCH)
    each = steps // epochs
    key = ("fit", origin, fitting.seed, each, epochs, fitting.hyperparameters)
    progress = Progress(fit_folder(fitting.folder, seen, model, *key))
    progress.restore(model)
    train(model, seen, (epochs, each), fitting, progress)
    log.info("trained on %d weeks of %d products", origin, len(panel.products))
    return DemandFit(model, progress.logged("loss"), epochs * each, warm)


def untrained(panel: Panel, fitting: DemandFitting) -> StructuredDemand:
    """A model of the panel's products with its first weights."""
    model = StructuredDemand(
        vocabulary={level: sorted(panel.products[level].unique()) for level in STATIC},
        observations=int(panel.is_demand.sum()),
        horizon=fitting.horizon,
        width=fitting.hyperparameters.width,
        speed=fitting.hyperparameters.speed,
    )
    model.build()
    return model


def train(
    model: StructuredDemand,
    seen: Panel,
    length: tuple[int, int],
    fitting: DemandFitting,
    progress: Progress,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **validation: Any,
) -> None:
    """Take a compiled model from `progress` to the end of `length` (epochs, steps of each)."""
    if progress.finished:
        return
    done, (epochs, each) = len(progress.epochs), length
    with tempfile.TemporaryDirectory(dir=_created(progress.folder)) as aside:
        shards = write_examples(seen, model, Path(aside))
        model.fit(
            batches(shards, fitting.hyperparameters.batch, fitting.seed, done * each),
            initial_epoch=done,
            epochs=done if progress.stopped else epochs,
            steps_per_epoch=each,
            callbacks=[*callbacks, progress],
            shuffle=False,
            verbose=0,
            **validation,
        )


def _created(folder: Path | None) -> Path | None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def optimizer(hyperparameters: DemandHyperparameters) -> keras.optimizers.Optimizer:
    """Adam with averaged weights; its loss is scaled where the network is in half precision."""
    adam = keras.optimizers.Adam(
        hyperparameters.learning_rate,
        clipnorm=1.0,
        use_ema=True,
        ema_momentum=hyperparameters.averaging,
    )
    half = keras.mixed_precision.dtype_policy().compute_dtype == "float16"
    return keras.optimizers.LossScaleOptimizer(adam) if half else adam


def predict(
    model: StructuredDemand, panel: Panel, known: dict[str, np.ndarray], origin: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and dispersion (N, horizon) of the weeks after `origin`, given `known` weeks."""
    inputs = window(panel, known, origin, model.horizon) | {"codes": model.codes(panel.products)}
    return _units(model.predict(inputs, batch_size=BATCH, verbose=0)[:, -1])


def predict_once(
    model: StructuredDemand, panel: Panel, known: dict[str, np.ndarray], origin: int
) -> tuple[np.ndarray, np.ndarray]:
    """What `predict` returns, without its graph, which holds for one length of history alone."""
    inputs = window(panel, known, origin, model.horizon) | {"codes": model.codes(panel.products)}
    batches = [
        ops.convert_to_numpy(model({k: v[at : at + BATCH] for k, v in inputs.items()}))[:, -1]
        for at in range(0, len(panel.products), BATCH)
    ]
    return _units(np.concatenate(batches))


def _units(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    log_mean, log_dispersion = np.moveaxis(logs, -1, 0)
    return np.exp(log_mean.astype("float64")), np.exp(log_dispersion.astype("float64"))
