"""A training that was killed goes on, and ends as if nothing had happened."""

import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from ml.demand.fitting import fit as fitting
from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.fitting.resume import fit_folder
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.models.checkpoints import Patience, Progress

WEEKS, HORIZON, STEPS = 14, 2, 100
SMALL = DemandHyperparameters.read().model_copy(update={"width": 8, "batch": 16})
FITTING = DemandFitting(HORIZON, STEPS, seed=7, hyperparameters=SMALL)
KILLED = """
import os, pickle, signal, sys
from pathlib import Path
from ml.demand.fitting import fit
from ml.models.checkpoints import Progress

panel, chosen = pickle.load(open(sys.argv[1], "rb"))
def die(self, batch, logs=None):
    if len(self.epochs) == 3 and batch == 5:
        os.kill(os.getpid(), signal.SIGKILL)

Progress.on_train_batch_end = die
fit.fit(panel, 14, fit.DemandFitting(2, 100, 7, chosen, Path(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=24, weeks=WEEKS)


@pytest.fixture
def counted(monkeypatch):
    """Steps that trainings take while the test runs."""
    taken = []

    class Counter(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            taken.append(batch)

    train = fitting.train

    monkeypatch.setattr(fitting, "train", lambda *given: train(*given, [Counter()]))
    return taken


def same(first, second):
    assert first.losses == second.losses
    for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_fit_killed_in_an_epoch_goes_on_and_ends_with_the_same_weights(panel, tmp_path, counted):
    undisturbed = fit(panel, WEEKS, FITTING)
    assert len(counted) == STEPS
    given, kept = tmp_path / "given.pickle", tmp_path / "kept"
    given.write_bytes(pickle.dumps((panel, SMALL)))
    killed = subprocess.run([sys.executable, "-c", KILLED, given, kept], check=False)
    assert killed.returncode == -signal.SIGKILL

    counted.clear()
    resumed = fit(panel, WEEKS, replace(FITTING, folder=kept))
    assert len(counted) == STEPS - 60
    same(undisturbed, resumed)

    counted.clear()
    again = fit(panel, WEEKS, replace(FITTING, folder=kept))
    assert counted == []
    same(undisturbed, again)


def test_what_another_fit_left_is_not_read(panel, drafted, tmp_path):
    sold = panel.units.copy()
    sold[3, 5] += 1
    others = [
        (panel, drafted(panel, HORIZON), "fit", 41),
        (replace(panel, units=sold), drafted(panel, HORIZON), "fit", 40),
        (panel, drafted(panel, HORIZON, width=4), "fit", 40),
    ]

    found = {fit_folder(tmp_path, *given) for given in others}

    assert len(found) == 3
    assert fit_folder(tmp_path, panel, drafted(panel, HORIZON), "fit", 40) not in found
    assert fit_folder(tmp_path, *others[0]) in found


def test_patience_counts_the_epochs_before_a_restart():
    progress = Progress(None)
    progress.epochs = [{"val_error": error} for error in (3.0, 2.0, 2.5, 2.4)]
    patience = Patience(progress, "val_error", patience=3)
    patience.set_model(SimpleNamespace(stop_training=False))

    patience.on_train_begin()
    assert not patience.model.stop_training

    patience.on_epoch_end(4, {"val_error": 2.1})
    assert patience.model.stop_training
