"""How long to train is chosen on weeks held out, and on nothing after them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ml.demand.fitting import early_stopping
from ml.demand.fitting.early_stopping import hold_out
from ml.demand.fitting.fit import DemandFitting

ORIGIN, HORIZON = 16, 3


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=30, weeks=20)


def test_weeks_after_the_origin_choose_nothing(panel):
    units = panel.units.copy()
    units[:, ORIGIN:] = 1e5

    clean, poisoned = (
        hold_out(p, ORIGIN, DemandFitting(HORIZON, steps=40, seed=7))
        for p in (panel, replace(panel, units=units))
    )

    assert clean.steps == poisoned.steps
    np.testing.assert_array_equal(clean.mean, poisoned.mean)
    np.testing.assert_array_equal(clean.units, panel.units[:, 13:16])
    assert 0.5 < clean.mean.sum() / clean.units.sum() < 2


def test_training_stops_where_held_out_weeks_get_no_better(panel, monkeypatch):
    losses = iter([3.0, 2.0, 2.005, 2.4, 2.3, 1.0])
    monkeypatch.setattr(
        early_stopping.keras.Model,
        "evaluate",
        lambda self, *_, **__: {"loss": 0.0, "error": next(losses)},
    )

    found = hold_out(panel, ORIGIN, DemandFitting(HORIZON, steps=120, seed=7))

    assert found.steps == 60  # as good as after 40
    assert found.error == 2.0
    assert next(losses) == 1.0


def test_the_error_is_of_the_mean_in_units():
    units = np.array([[3.0], [10.0]], "float32")
    predicted = np.array([[np.log(5.0), 0.3], [np.log(4.0), 2.0]], "float32")

    np.testing.assert_allclose(
        early_stopping.absolute_error(units, predicted), [2.0, 6.0], rtol=1e-6
    )


def test_only_the_weeks_held_out_are_judged(panel):
    asked = SimpleNamespace(horizon=HORIZON, codes=lambda products: np.zeros((len(products), 4)))

    inputs, units, weights = early_stopping.held_out_weeks(asked, panel.until(ORIGIN), 13)

    assert inputs["units"].shape[1] == 13
    np.testing.assert_array_equal(units[:, -1, :, 0], panel.units[:, 13:16])
    assert weights[:, -1].all()
    assert not weights[:, :-1].any()


def test_a_short_history_holds_nothing_out(panel):
    assert hold_out(panel, 9, DemandFitting(HORIZON, steps=40, seed=7)) is None
