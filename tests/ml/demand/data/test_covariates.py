"""Covariates are computed once for a panel, and nobody changes them afterwards."""

import numpy as np
import pytest

from ml.demand.data import covariates as module
from ml.demand.data.covariates import covariates
from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.network.hyperparameters import DemandHyperparameters

SMALL = DemandHyperparameters.read().model_copy(update={"width": 4, "batch": 8})


@pytest.fixture
def computed(monkeypatch):
    """Weeks of the panels whose covariates are computed while the test runs."""
    weeks, compute = [], module._compute

    def counted(panel, planned_weeks, price_step):
        weeks.append(len(panel.weeks))
        return compute(panel, planned_weeks, price_step)

    monkeypatch.setattr(module, "_compute", counted)
    return weeks


def test_a_fit_computes_them_once(shop, computed):
    fit(shop(products=8, weeks=14), 12, DemandFitting(2, steps=1, seed=7, hyperparameters=SMALL))

    assert computed == [12]


def test_a_changed_or_shorter_panel_has_its_own(shop, computed):
    panel = shop(products=8, weeks=14)
    covariates(panel)
    covariates(panel.until(14))
    covariates(panel.until(13))
    covariates(panel.rows(slice(4)))
    covariates(panel, planned_weeks=2)

    assert computed == [14, 13, 14, 14]


def test_they_cannot_be_changed(shop):
    panel = shop(products=8, weeks=14)

    with pytest.raises(ValueError, match="read-only"):
        covariates(panel)["effects"][:] = np.nan
