"""Training: the same bytes after a kill, and an early stop that keeps the best pass."""

import numpy as np
import pytest

from ml.propensity import fitting
from ml.propensity.backtest import JUDGED, LEARNT
from ml.propensity.fitting import PropensityFitting, fit
from ml.propensity.metrics import measures
from ml.propensity.rates import own


class Killed(Exception):
    pass


def weights_of(found):
    return [w.numpy().tobytes() for w in found.model.weights]


def test_a_killed_fit_goes_on_to_the_same_best_pass(histories, small, tmp_path, monkeypatch):
    eager = small.model_copy(update={"learning_rate": 0.5, "epochs": 4, "patience": 1})
    whole = fit(histories, LEARNT, PropensityFitting(eager, 7, tmp_path / "whole"), JUDGED)
    judged = whole.losses["val_loss"]
    assert whole.passes == 1 + int(np.argmin(judged))
    assert whole.passes < len(judged)  # it went past the best one

    cut = PropensityFitting(eager, 7, tmp_path / "cut")
    with monkeypatch.context() as patch:
        patch.setattr(fitting.LogPasses, "on_epoch_begin", _killed_in_the_second, raising=False)
        with pytest.raises(Killed):
            fit(histories, LEARNT, cut, JUDGED)
    resumed = fit(histories, LEARNT, cut, JUDGED)
    assert weights_of(resumed) == weights_of(whole)
    assert resumed.losses == whole.losses


def _killed_in_the_second(self, epoch, logs=None):
    if epoch == 1:
        raise Killed


def test_measures_of_known_chances():
    bought = np.array([1, 0, 1, 0])
    found = measures(bought, np.array([0.8, 0.2, 0.8, 0.2]), np.array([0, 0, 1, 1]))
    assert found["auc"] == found["auc_in_category"] == 1.0
    assert found["log_loss"] == pytest.approx(-np.log(0.8))
    assert found["brier"] == pytest.approx(0.04)
    assert found["ece"] == pytest.approx(0.2)


def test_knowing_the_popular_category_orders_nobody_inside_it():
    bought, category = np.array([1, 1, 0, 0, 1, 0]), np.array([0, 0, 0, 1, 1, 1])
    found = measures(bought, np.where(category == 0, 0.6, 0.2), category)
    assert found["auc_in_category"] == 0.5
    assert found["auc"] > 0.5


def test_who_never_bought_gets_the_shops_rate_by_weight_of_the_prior():
    inputs = {
        "origins": np.array([[0.0]]),
        "days": np.array([[-112.0]]),
        "bought": np.array([[[1.0, 0.0]]]),
        "usual": np.log(np.array([[[0.02, 0.02]]])),
    }
    known = 112 / np.log(2) / 2  # decayed days since the first basket
    weight = 2 ** (-111 / 112)
    bought, never = own(inputs, 28.0, 0)[0, 0]
    assert never == pytest.approx(-np.expm1(-7 * 28 * 0.02 / (known + 28)))
    assert bought == pytest.approx(-np.expm1(-7 * (weight + 28 * 0.02) / (known + 28)))
