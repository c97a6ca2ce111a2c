"""How far a training has come, kept on disk so that a killed one goes on.

After each epoch the weights, the optimiser's state with the averaged weights, and what the epochs
logged are written aside; one rename makes them count. The order of the data is a function of the
steps taken (`examples.batches`), so a training that goes on ends with the same bytes as one that
nothing stopped. `keras.callbacks.BackupAndRestore` forgets what the epochs logged, which an early
stop reads, and deletes what a finished fit leaves.
"""

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras

from ml import lake
from ml.files import replace_text, to_json

log = logging.getLogger(__name__)

STATE = "progress.json"


def progress_folder(folder: Path, *settings: object, contents: Iterable[bytes]) -> Path:
    """Where under `folder` a training's progress lies: named by code, settings and contents.

    `settings` are distinguished by their `repr`; `contents` are the data and the first weights.
    """
    digest = hashlib.sha256(repr((lake.code_version(), *settings)).encode())
    for content in contents:
        digest.update(content)
    return folder / digest.hexdigest()[:16]


class Progress(keras.callbacks.Callback):
    """What the epochs logged; kept in `folder` where one is given.

    `stopped`: no epoch is to follow. `finished`: the weights are final.
    """

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.folder = folder
        self.epochs: list[dict[str, float]] = []
        self.stopped = self.finished = False

    def restore(self, model: keras.Model) -> None:
        """Give a compiled `model` the state last kept, if there is one."""
        if self.folder is None or not (self.folder / STATE).exists():
            return
        saved = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        self.epochs, self.stopped, self.finished = (
            saved["epochs"],
            saved["stopped"],
            saved["finished"],
        )
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self.folder / saved["weights"])
        log.info("training goes on after %d epochs", len(self.epochs))

    def logged(self, name: str) -> list[float]:
        return [epoch[name] for epoch in self.epochs]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epochs.append({name: float(value) for name, value in (logs or {}).items()})
        self.stopped = self.model.stop_training
        self._keep(f"epoch-{len(self.epochs):05d}.weights.h5")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.stopped = self.finished = True
        self._keep("final.weights.h5")

    def _keep(self, weights: str) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model.save_weights(self.folder / weights)
        state = {name: getattr(self, name) for name in ("epochs", "stopped", "finished")}
        replace_text(self.folder / STATE, to_json(state | {"weights": weights}))
        for stale in self.folder.glob("*.weights.h5"):
            if stale.name != weights:
                stale.unlink()


class Patience(keras.callbacks.EarlyStopping):
    """An early stop that counts the epochs before a restart too; `progress` comes after it."""

    def __init__(self, progress: Progress, monitor: str, patience: int) -> None:
        super().__init__(monitor, patience=patience, mode="min")
        self.progress = progress

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        for epoch, logged in enumerate(self.progress.epochs):
            self.on_epoch_end(epoch, logged)
