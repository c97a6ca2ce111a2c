"""A challenger against the champion: the same weeks, honest ones, and noise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.demand.data.panel import WEEK
from ml.demand.evaluation import comparison
from ml.demand.evaluation.backtest import HORIZON, OURS, Backtest, Forecast
from ml.demand.evaluation.comparison import compare, losses
from ml.demand.evaluation.metrics import LEVELS, quantile_losses
from ml.errors import GateError
from ml.models import registry

ORIGINS = (12, 16)


@pytest.fixture
def backtest(shop):
    """Two origins, the last one's target at the end; every quantile 1.5 times the units."""
    panel = shop(products=60, weeks=20)
    return Backtest(
        panel, [forecast(panel, origin, 1.5) for origin in ORIGINS], pd.DataFrame(), 1.0
    )


def forecast(panel, origin, times):
    units = panel.units[:, origin : origin + HORIZON]
    return Forecast(OURS, origin, times * units, np.broadcast_to(times * units, (9, *units.shape)))


@pytest.fixture
def champion(backtest, monkeypatch):
    """A registered champion: the day it was trained for, and how far off its forecasts are."""

    def put(trained, times, stored=None):
        monkeypatch.setattr(registry, "trained_as_of", lambda name: {"3": trained})
        monkeypatch.setattr(registry, "champion", lambda name: "3")
        monkeypatch.setattr(comparison, "load", lambda version: None)
        monkeypatch.setattr(registry, "run_text", lambda name, version, path: stored)
        theirs = [forecast(backtest.panel, origin, times) for origin in ORIGINS]
        monkeypatch.setattr(
            comparison, "rescored", lambda model, made: replace(made, forecasts=theirs)
        )

    return put


def day(week):
    return (np.datetime64("2017-01-02") + WEEK * week).item()


def test_losses_are_the_quantile_losses_of_each_product_and_origin(backtest):
    found = losses(backtest).set_index(["origin", "product_id"])

    units = backtest.panel.units[7, 16:20]
    expected = quantile_losses(units, np.broadcast_to(1.5 * units, (9, 4))).sum()
    assert found.loc[(str(day(16)), "p7"), "loss"] == pytest.approx(expected)
    assert expected == pytest.approx((2 * (1 - LEVELS) * 0.5).mean() * units.sum())
    assert len(found) == 2 * 60


def test_only_weeks_the_champion_was_not_trained_on_count(backtest):
    found = losses(backtest, since=18)

    assert set(found["origin"]) == {str(day(16))}
    assert found["units"].sum() == backtest.panel.units[:, 18:20].sum()


def test_a_challenger_half_as_wrong_has_half_the_loss(backtest, champion):
    champion(day(18), times=2.0)

    found = compare(backtest, seed=7)

    names = ("wql_over_champion", "wql_over_champion_low", "wql_over_champion_high")
    assert found.metrics == pytest.approx(dict.fromkeys(names, 0.5))
    assert found.tags == {registry.COMPARED: "3"}


def test_the_same_forecasts_are_not_worse(backtest, champion):
    champion(day(18), times=1.5)

    assert compare(backtest, seed=7).metrics["wql_over_champion_low"] == 1


def test_a_champion_trained_on_the_same_weeks_is_compared_by_its_stored_losses(backtest, champion):
    stored = losses(backtest).assign(loss=lambda f: f["loss"] / 4)
    champion(day(20), times=100.0, stored=stored.to_csv(index=False))

    assert compare(backtest, seed=7).metrics["wql_over_champion"] == pytest.approx(4)


def test_without_stored_losses_there_is_no_verdict(backtest, champion):
    champion(day(20), times=1.0)

    found = compare(backtest, seed=7)

    assert found.metrics == {}
    assert found.tags == {registry.COMPARED: "3"}


def test_a_champion_that_does_not_load_is_named_as_unusable(backtest, champion, monkeypatch):
    champion(day(18), times=1.0)

    def broken(version):
        raise GateError("version 3 does not load")

    monkeypatch.setattr(comparison, "load", broken)

    found = compare(backtest, seed=7)

    assert (found.metrics, found.tags) == ({}, {registry.UNUSABLE: "3"})
