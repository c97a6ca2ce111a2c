"""Drift: past forecasts against sales, inputs against training, and when to train again."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import lake
from ml.contracts.outputs import DRIFT, FORECASTS, QUANTILES, RESPONSES
from ml.demand import drift
from ml.demand.drift import (
    earlier_forecasts,
    judge,
    retraining_is_due,
    write_drift,
)
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.evaluation.stability import EDGES, input_shift, stability_index
from ml.errors import PolicyError
from ml.models import registry
from ml.settings import settings

WEEKS = 20
AS_OF = date(2017, 5, 22)  # the panel's last week is the one before
TRAINED = date(2017, 4, 10)
PARTS = {"elasticity": -2.2, "display_lift": 0.9, "mailer_lift": 0.4, "dispersion": 8.0}


@pytest.fixture
def panel(shop):
    return shop(products=60, weeks=WEEKS)


@pytest.fixture
def day(home, panel, monkeypatch):
    """A lake without marts, its panel given, and a registry whose version 1 is the champion."""
    monkeypatch.setattr(drift, "MARTS", ())
    monkeypatch.setattr(drift, "read_panel", lambda as_of, products: panel)
    monkeypatch.setattr(registry, "trained_as_of", lambda name: {"1": TRAINED})
    monkeypatch.setattr(registry, "metrics", lambda name, version: {"all.wape": 0.3})
    return panel


def forecast(panel, as_of, scale=1.0, version="1", weeks=4):
    """Write what a model that knows the shop's responses would forecast, times `scale`."""
    lift = PARTS["elasticity"] * panel.log_price_ratio
    lift = lift + PARTS["display_lift"] * panel.display + PARTS["mailer_lift"] * panel.mailer
    base = scale * panel.units.sum(axis=1) / np.exp(lift).sum(axis=1)
    ids = panel.products["product_id"]
    monday = as_of + timedelta(days=-as_of.weekday() % 7)
    rows = [
        pd.DataFrame(
            {
                "product_id": ids,
                "week_start_date": monday + timedelta(weeks=ahead),
                "horizon": ahead + 1,
                "mean_units": base,
                **{f"p{int(q * 100)}": base for q in QUANTILES},
                "model_version": version,
            }
        )
        for ahead in range(weeks)
    ]
    lake.write(FORECASTS, as_of, pd.concat(rows), models={"demand": version})
    spreads = dict.fromkeys(("elasticity_sd", "display_lift_sd", "mailer_lift_sd"), 0.1)
    rest = {"regular_price": 2.0, "promoted_weeks": 3, "price_identified": True}
    answers = pd.DataFrame(
        {"product_id": ids, "model_version": version, **PARTS, **spreads, **rest}
    )
    lake.write(RESPONSES, as_of, answers, models={"demand": version})


def found(as_of=AS_OF):
    return lake.read(DRIFT, as_of).set_index("measure")


def test_forecasts_are_judged_at_the_price_and_support_that_came(day):
    monday = AS_OF - timedelta(weeks=1)
    row = PARTS | {"product_id": "p7", "week_start_date": monday, "mean_units": 10.0, "horizon": 1}
    week = [day.log_price_ratio.copy(), day.display.copy(), day.mailer.copy()]
    for grid, value in zip(week, (np.log(0.8), 0.5, 1.0), strict=True):
        grid[7, -1] = value
    at = replace(day, log_price_ratio=week[0], display=week[1], mailer=week[2])

    judged = judge(pd.DataFrame([row]), at)

    expected = 10 * 0.8**-2.2 * np.exp(0.9 * 0.5 + 0.4)
    assert judged.mean == pytest.approx(expected)
    assert judged.units == day.units[7, -1]
    assert (judged.low, judged.high) == tuple(quantiles(np.array([expected]), 8.0)[[0, -1]])


def test_products_no_longer_sold_are_not_judged(day):
    row = PARTS | {"product_id": "gone", "week_start_date": AS_OF - timedelta(weeks=1)}

    assert len(judge(pd.DataFrame([row | {"mean_units": 1.0, "horizon": 1}]), day).units) == 0


def test_the_newest_forecast_of_a_week_and_horizon_counts(day):
    older, newer = AS_OF - timedelta(days=21), AS_OF - timedelta(days=15)
    forecast(day, older, scale=5.0)
    forecast(day, newer, scale=1.0)
    forecast(day, newer - timedelta(days=1), scale=9.0)

    made, read = earlier_forecasts(AS_OF, day, {"1": TRAINED})

    assert made.groupby("week_start_date")["horizon"].agg(lambda h: sorted(set(h))).tolist() == [
        [1],
        [1, 2],
        [2, 3],
    ]
    one = made[made["product_id"] == "p0"].set_index(["week_start_date", "horizon"])["mean_units"]
    assert one[(AS_OF - timedelta(weeks=3), 1)] == pytest.approx(5 * one.iloc[-2])
    assert len(read) == 3


def test_a_forecast_of_a_model_that_saw_its_weeks_is_left_out(day):
    made_on = AS_OF - timedelta(weeks=3)
    forecast(day, made_on, version="2")

    for trained in ({"2": made_on + timedelta(days=1)}, {"1": TRAINED}):
        assert earlier_forecasts(AS_OF, day, trained)[0].empty
    assert len(earlier_forecasts(AS_OF, day, {"2": made_on})[0]) == 3 * 60


def test_what_is_forecast_on_the_day_or_later_is_not_read(day):
    forecast(day, AS_OF - timedelta(weeks=2))
    forecast(day, AS_OF)
    write_drift(AS_OF)
    before = lake.manifest(DRIFT, AS_OF)

    forecast(day, AS_OF + timedelta(days=1), scale=100.0)
    write_drift(AS_OF)

    assert lake.manifest(DRIFT, AS_OF) == before
    assert list(before.inputs) == [f"lake://demand/forecasts/{AS_OF - timedelta(weeks=2)}"]


def test_a_model_that_fits_has_not_drifted(day):
    forecast(day, AS_OF - timedelta(weeks=4))
    forecast(day, AS_OF)

    write_drift(AS_OF)

    measures = found()
    assert not measures["drifted"].any()
    assert abs(measures["value"]["bias"]) < 0.1
    assert measures["product_weeks"]["bias"] == 4 * 60
    assert not retraining_is_due(AS_OF)


def test_the_first_day_has_nothing_to_judge_and_no_drift(day):
    forecast(day, AS_OF)

    write_drift(AS_OF)

    measures = found()
    assert measures.loc[measures["kind"] == "forecasts", "value"].isna().all()
    assert measures.loc[measures["kind"] == "inputs", "value"].notna().all()
    assert not measures["drifted"].any()
    assert not retraining_is_due(AS_OF)


def test_one_week_of_forecasts_is_not_enough(day):
    forecast(day, AS_OF - timedelta(weeks=1), scale=10.0)
    forecast(day, AS_OF)

    write_drift(AS_OF)

    assert not found()["drifted"].any()


def test_drift_asks_for_training_once_per_weeks_data(day, monkeypatch):
    forecast(day, AS_OF - timedelta(weeks=4), scale=2.0)
    forecast(day, AS_OF, scale=2.0)
    write_drift(AS_OF)

    assert found()["drifted"][["bias", "wape_over_backtest"]].all()
    assert found()["value"]["bias"] == pytest.approx(1.0, abs=0.2)
    for newest, due in ((AS_OF - timedelta(days=1), True), (AS_OF, False), (AS_OF, False)):
        monkeypatch.setattr(
            registry, "trained_as_of", lambda name, day=newest: {"1": TRAINED, "2": day}
        )
        assert retraining_is_due(AS_OF) is due
    wednesday = AS_OF + timedelta(days=2)
    forecast(day, wednesday, scale=2.0)
    write_drift(wednesday)
    assert not retraining_is_due(wednesday)  # the same complete weeks


def test_a_bound_on_an_unknown_measure_is_refused(day, tmp_path, monkeypatch):
    forecast(day, AS_OF)
    (tmp_path / "gates.yml").write_text("demand_drift: {units: {metric: psi.unit, maximum: 1}}")
    monkeypatch.setenv("PROMOLOOP_GATES_PATH", str(tmp_path / "gates.yml"))
    settings.cache_clear()

    with pytest.raises(PolicyError, match=r"psi\.unit"):
        write_drift(AS_OF)


def test_the_stability_index_is_the_textbooks():
    before, after = np.array([0.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])

    found = stability_index(before, after, (0.5,))

    assert found == pytest.approx(0.25 * (np.log(2) + np.log(1.5)))
    assert stability_index(before, before, (0.5,)) == 0


def test_only_the_input_that_moved_shows_a_shift(shop):
    panel = shop(products=200, weeks=30)
    deeper = panel.log_price_ratio.copy()
    deeper[:, -4:] = np.log(0.65)

    calm, moved = (input_shift(p, 24, 4) for p in (panel, replace(panel, log_price_ratio=deeper)))

    assert moved.keys() == {f"psi.{name}" for name in EDGES} | {"zero_share"}
    assert moved["psi.depth"] > 1 > 0.05 > calm["psi.depth"]
    assert {k: v for k, v in moved.items() if k != "psi.depth"} == {
        k: v for k, v in calm.items() if k != "psi.depth"
    }


def test_weeks_before_the_first_sale_are_not_compared(shop):
    panel = shop(products=50, weeks=12)
    started = panel.started.copy()
    started[25:, :8] = False
    units = np.where(started, panel.units, 0.0)
    late = replace(panel, units=units, started=started)

    ours = input_shift(late, 8, 4)

    rows = panel.head(25)
    assert ours["zero_share"] == pytest.approx(
        (panel.units[:, -4:] == 0).mean() - (rows.units[:, :8] == 0).mean()
    )


def test_the_weeks_trained_on_are_those_before_the_training_date(day, monkeypatch):
    seen = []
    monkeypatch.setattr(
        drift,
        "input_shift",
        lambda p, trained, recent: (
            seen.append(trained) or dict.fromkeys([*(f"psi.{n}" for n in EDGES), "zero_share"], 0.0)
        ),
    )
    forecast(day, AS_OF)
    write_drift(AS_OF)

    assert str(day.weeks[seen[0]]) == str(TRAINED)
