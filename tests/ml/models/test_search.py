"""When a trial of a search ends."""

from types import SimpleNamespace

import optuna
import pytest

from ml.models.search import TrialProgress


def trial(number, behind=False):
    return SimpleNamespace(number=number, should_prune=lambda: behind)


def test_a_trial_ends_when_time_is_up_but_the_first_does_not():
    TrialProgress(trial(0), deadline=-1.0).stop_if_hopeless()
    with pytest.raises(optuna.TrialPruned):
        TrialProgress(trial(1), deadline=-1.0).stop_if_hopeless()


def test_a_trial_behind_the_others_ends():
    TrialProgress(trial(1), deadline=float("inf")).stop_if_hopeless()
    with pytest.raises(optuna.TrialPruned):
        TrialProgress(trial(1, behind=True), deadline=float("inf")).stop_if_hopeless()
