"""What is printed: the last line is one JSON object of the agreed shape."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from benchmarks.demand import run
from benchmarks.demand.__main__ import require_marts
from benchmarks.demand.report import Report
from benchmarks.demand.run import COMPARED, MEASURES, category_table, differences, product_table
from ml.demand.data.covariates import covariates
from ml.demand.evaluation import metrics
from ml.demand.evaluation.backtest import (
    HORIZON,
    OURS,
    Backtest,
    Forecast,
    naive_forecasts,
    score,
)
from ml.errors import LakeError

ORIGINS = (18, 22, 26)


@pytest.fixture(scope="module")
def panel(shop):
    made = shop(products=40)
    unsold = np.random.default_rng(1).random(made.units.shape) < 0.2
    return replace(made, units=np.where(unsold, 0.0, made.units))


@pytest.fixture(scope="module")
def made(panel):
    """Ours is the truth plus 1, the reference the truth plus 2, at every level."""
    forecasts = [f for o in ORIGINS for f in naive_forecasts(panel.until(o), o)]
    for origin in ORIGINS:
        truth = panel.units[:, origin : origin + HORIZON]
        for method, error in ((OURS, 1.0), ("lightgbm", 2.0)):
            levels = np.repeat(truth[None] + error, 9, axis=0)
            forecasts.append(Forecast(method, origin, truth + error, levels, seconds=3.0))
    return [f for f in forecasts if f.method != "naive"]


def test_the_last_line_is_one_json_object_of_the_agreed_shape(panel, made):
    tables = {f"top{n}": product_table(panel, made, n) for n in (10, 40)}
    tables["categories"] = category_table(panel, made, seed=1)
    sure = {("top10", "lightgbm"): differences(panel, made, "lightgbm", 10, seed=1)}

    text = Report(tables, sure, {"deviance_explained": 0.41}).text()

    found = json.loads(text.splitlines()[-1])
    assert list(found) == ["top10", "top40", "categories", "price_response"]
    assert list(found["top10"]) == ["lstm", "lightgbm", "seasonal_naive"]
    assert list(found["top10"]["lstm"]) == [*MEASURES, "s"]
    assert found["top10"]["lstm"]["s"] == 9.0
    assert found["price_response"] == {"deviance_explained": 0.41}
    assert "top10: lstm less lightgbm" in text


def test_an_unfinished_number_is_refused_not_printed():
    table = pd.DataFrame({"wape": [np.nan]}, index=["lstm"])

    with pytest.raises(ValueError, match="JSON"):
        Report({"top10": table}, {}, {}).to_json()


def test_differences_are_of_the_tables_own_numbers(panel, made):
    scores = product_table(panel, made, 10)

    found = differences(panel, made, "lightgbm", 10, seed=1)

    for measure in COMPARED:
        expected = scores.loc["lstm", measure] - scores.loc["lightgbm", measure]
        assert found.loc[measure, "estimate"] == pytest.approx(expected)
        assert found.loc[measure, "low"] <= expected <= found.loc[measure, "high"]


def test_sold_weeks_are_scored_apart(panel, made):
    ours = next(f for f in made if f.method == OURS)
    sold = panel.units.copy()
    sold[0, ours.origin] = 0.0  # a week unsold after all
    units = sold[:, ours.origin : ours.origin + HORIZON]

    found = score(replace(panel, units=sold), ours, 40)

    assert found["wape_sold"] == pytest.approx((units > 0).sum() / units.sum())
    assert found["wape"] > found["wape_sold"]
    assert found["wql"] == metrics.weighted_quantile_loss(units, ours.quantiles)


def test_a_peer_sees_nothing_sold_after_its_origin(panel, made, monkeypatch):
    given = []

    def peer(seen, known, horizon):
        given.append([seen.units.shape[1], *(known[k].shape[1] for k in sorted(known)), horizon])
        return np.zeros((40, horizon)), np.zeros((9, 40, horizon))

    monkeypatch.setattr(run, "PEERS", {"lightgbm": peer, "tsb": peer})
    result = Backtest(panel, made, pd.DataFrame(), 1.0)

    found = list(run.peer_forecasts(result, covariates(panel), skip=["tsb"]))

    assert given == [[o, o + HORIZON, o + HORIZON, o, HORIZON] for o in ORIGINS]
    assert [f.origin for f in found] == list(ORIGINS)


def test_categories_of_a_perfect_forecast_have_no_error(panel):
    truth = [
        Forecast(m, o, u, np.repeat(u[None], 9, axis=0))
        for m in (OURS, "lightgbm")
        for o in ORIGINS
        for u in [panel.units[:, o : o + HORIZON]]
    ]

    found = category_table(panel, truth, seed=1)

    assert found.loc["lstm", ["wape", "wql"]].tolist() == pytest.approx([0, 0], abs=1e-9)


def test_missing_marts_say_what_to_run(home):
    with pytest.raises(LakeError, match="make demo AS_OF=2017-12-25"):
        require_marts(date(2017, 12, 25))
