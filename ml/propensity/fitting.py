"""Fit the propensity model on windows that end before a day, and stop on later ones."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml import lake
from ml.models.checkpoints import Patience, Progress
from ml.models.devices import prepare_tensorflow, strategy
from ml.propensity.examples import Span, batches, in_order, steps
from ml.propensity.histories import Histories
from ml.propensity.hyperparameters import Hyperparameters
from ml.propensity.model import KnownLogLoss, Propensity

log = logging.getLogger(__name__)

BEST = "best.weights.h5"
MONITOR = "val_loss"
SLOWEST = 0.05  # of the learning rate, at the end


@dataclass(frozen=True)
class Fit:
    """A trained model, its losses after each pass, and the passes that made it."""

    model: Propensity
    losses: dict[str, list[float]]
    passes: int


def fit(
    histories: Histories,
    learnt: Span,
    chosen: Hyperparameters,
    seed: int,
    folder: Path,
    judged: Span | None = None,
    passes: int | None = None,
) -> Fit:
    """Train on the windows of `learnt`.

    Args:
        histories: baskets of every customer.
        learnt: origins and windows to learn from.
        chosen: hyperparameters.
        seed: of the first weights and of the order of the data.
        folder: where progress is kept: a fit that was killed goes on from its last pass.
        judged: later windows that end the training and choose the pass; None: take `passes`.
        passes: over the customers; None: the hyperparameters' epochs.
    """
    prepare_tensorflow(seed)
    with strategy().scope():
        model = Propensity(histories.categories, chosen.width, chosen.hidden, chosen.shrinkage)
        model.build()
        model.compile(_optimizer(chosen, steps(histories, chosen.batch)), KnownLogLoss())
    passes = passes or chosen.epochs
    kept = folder / _digest(histories, learnt, judged, chosen, seed, passes)
    progress = Progress(kept / "progress")
    progress.restore(model)
    if not progress.finished:
        _train(model, histories, (learnt, judged), chosen, seed, passes, progress, kept)
    losses = {name: progress.logged(name) for name in progress.epochs[0]}
    if judged is None:
        return Fit(model, losses, passes)
    model.load_weights(kept / BEST)
    return Fit(model, losses, 1 + int(np.argmin(losses[MONITOR])))


def _train(
    model: Propensity,
    histories: Histories,
    spans: tuple[Span, Span | None],
    chosen: Hyperparameters,
    seed: int,
    passes: int,
    progress: Progress,
    kept: Path,
) -> None:
    """Take a compiled model from `progress` to the end of `passes`, or to an early stop."""
    done, (learnt, judged) = len(progress.epochs), spans
    callbacks: list[keras.callbacks.Callback] = [Told(), progress]
    if judged is not None:
        callbacks[:0] = [Patience(progress, MONITOR, chosen.patience), _best(kept, progress)]
    model.fit(
        batches(histories, learnt, chosen, seed, done),
        validation_data=judged and in_order(histories, judged, chosen),
        initial_epoch=done,
        epochs=done if progress.stopped else passes,
        steps_per_epoch=steps(histories, chosen.batch),
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


class Told(keras.callbacks.Callback):
    """Logs each pass: a training takes minutes."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        said = ", ".join(f"{name} {value:.5f}" for name, value in (logs or {}).items())
        log.info("pass %d: %s", epoch + 1, said)


def _optimizer(chosen: Hyperparameters, each: int) -> keras.optimizers.Optimizer:
    """Adam, slower with every step of the passes; in half precision its loss is scaled."""
    rate = keras.optimizers.schedules.CosineDecay(
        chosen.learning_rate, chosen.epochs * each, alpha=SLOWEST
    )
    adam = keras.optimizers.Adam(rate, clipnorm=1.0)
    half = keras.mixed_precision.dtype_policy().compute_dtype == "float16"
    return keras.optimizers.LossScaleOptimizer(adam) if half else adam


def _digest(histories: Histories, *told: Any) -> str:
    """Names a fit by data, code and all it was told."""
    digest = hashlib.sha256(repr((lake.code_version(), *told)).encode())
    for path in histories.files:
        digest.update(path.read_bytes())
    digest.update(histories.depth.tobytes())
    return digest.hexdigest()[:16]
