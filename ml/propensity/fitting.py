"""Fit the propensity model on windows that end before a day, and stop on later ones."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.models.checkpoints import Patience, Progress, progress_folder
from ml.models.devices import prepare_tensorflow, strategy
from ml.propensity.examples import Span, batches, in_order, steps
from ml.propensity.histories import Histories
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.propensity.model import KnownLogLoss, Propensity

log = logging.getLogger(__name__)

BEST = "best.weights.h5"
MONITOR = "val_loss"
SLOWEST = 0.05  # of the learning rate, at the end


@dataclass(frozen=True)
class PropensityFitting:
    """How the network is fitted.

    Attributes:
        hyperparameters: of the network and of training.
        seed: of the first weights and of the order of the data.
        folder: where progress is written: a fit that was killed resumes from its last pass.
        passes: over the customers; None: the hyperparameters' epochs.
    """

    hyperparameters: PropensityHyperparameters
    seed: int
    folder: Path
    passes: int | None = None


@dataclass(frozen=True)
class PropensityFit:
    """A trained model, its losses after each pass, and the passes behind its weights."""

    model: Propensity
    losses: dict[str, list[float]]
    passes: int


def fit(
    histories: Histories, learnt: Span, fitting: PropensityFitting, judged: Span | None = None
) -> PropensityFit:
    """Train on the windows of `learnt`.

    Args:
        histories: baskets of every customer.
        learnt: origins and windows to learn from.
        fitting: how.
        judged: later windows that end the training and choose the pass; None: all passes count.
    """
    hyperparameters, seed = fitting.hyperparameters, fitting.seed
    prepare_tensorflow(seed)
    with strategy().scope():
        model = untrained(histories, hyperparameters)
    passes = fitting.passes or hyperparameters.epochs
    key = (learnt, judged, hyperparameters, seed, passes)
    folder = progress_folder(fitting.folder, *key, contents=_contents(histories))
    progress = Progress(folder / "progress")
    progress.restore(model)
    if not progress.finished:
        _train(model, histories, (learnt, judged), replace(fitting, passes=passes), progress)
    losses = {name: progress.logged(name) for name in progress.epochs[0]}
    if judged is None:
        return PropensityFit(model, losses, passes)
    model.load_weights(folder / BEST)
    return PropensityFit(model, losses, 1 + int(np.argmin(losses[MONITOR])))


def untrained(histories: Histories, hyperparameters: PropensityHyperparameters) -> Propensity:
    """A compiled model of the histories' categories with its first weights."""
    shape = (hyperparameters.width, hyperparameters.hidden, hyperparameters.shrinkage)
    model = Propensity(histories.categories, *shape)
    model.build()
    each = steps(histories, hyperparameters.batch)
    model.compile(_optimizer(hyperparameters, each), KnownLogLoss())
    return model


def _train(
    model: Propensity,
    histories: Histories,
    spans: tuple[Span, Span | None],
    fitting: PropensityFitting,
    progress: Progress,
) -> None:
    """Take a compiled model from `progress` to the end of its passes, or to an early stop."""
    done, (learnt, judged) = len(progress.epochs), spans
    hyperparameters, folder = fitting.hyperparameters, progress.folder
    callbacks: list[keras.callbacks.Callback] = [LogPasses(), progress]
    if judged is not None and folder is not None:
        stop = Patience(progress, MONITOR, hyperparameters.patience)
        callbacks[:0] = [stop, _best(folder.parent, progress)]
    model.fit(
        batches(histories, learnt, hyperparameters, fitting.seed, done),
        validation_data=judged and in_order(histories, judged, hyperparameters),
        initial_epoch=done,
        epochs=done if progress.stopped else fitting.passes,
        steps_per_epoch=steps(histories, hyperparameters.batch),
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )


def _best(folder: Path, progress: Progress) -> keras.callbacks.Callback:
    """Keeps the weights of the best pass; after a restart only a better one replaces them."""
    folder.mkdir(parents=True, exist_ok=True)
    return keras.callbacks.ModelCheckpoint(
        folder / BEST,
        MONITOR,
        mode="min",
        save_best_only=True,
        save_weights_only=True,
        initial_value_threshold=min(progress.logged(MONITOR), default=None),
    )


class LogPasses(keras.callbacks.Callback):
    """Logs each pass: a training takes minutes."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = ", ".join(f"{name} {value:.5f}" for name, value in (logs or {}).items())
        log.info("pass %d: %s", epoch + 1, values)


def _optimizer(hyperparameters: PropensityHyperparameters, each: int) -> keras.optimizers.Optimizer:
    """Adam, slower with every step of the passes; in half precision its loss is scaled."""
    rate = keras.optimizers.schedules.CosineDecay(
        hyperparameters.learning_rate, hyperparameters.epochs * each, alpha=SLOWEST
    )
    adam = keras.optimizers.Adam(rate, clipnorm=1.0)
    half = keras.mixed_precision.dtype_policy().compute_dtype == "float16"
    return keras.optimizers.LossScaleOptimizer(adam) if half else adam


def _contents(histories: Histories) -> Iterator[bytes]:
    for path in histories.files:
        yield path.read_bytes()
    yield histories.depth.tobytes()
