"""What the training benchmark measures is what it says."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.demand import candidates, scale
from benchmarks.demand.synthetic import synthetic_panel
from ml.demand.fitting.fit import DemandFit


def test_a_synthetic_shop_has_the_size_asked_for_and_promotions_that_sell():
    panel = synthetic_panel(500, 20, seed=7)

    assert panel.units.shape == panel.log_price_ratio.shape == (500, 20)
    assert panel.products["product_id"].is_unique
    cheap = panel.log_price_ratio < 0
    assert 0.15 < cheap.mean() < 0.25
    assert panel.units[cheap].mean() > 1.3 * panel.units[~cheap].mean()


def test_the_closed_form_prices_candidates_as_the_network_does(drafted, monkeypatch):
    def fit(panel, origin, fitting):
        return DemandFit(drafted(panel, fitting.horizon), [])

    monkeypatch.setattr(candidates, "fit", fit)

    speed = candidates.candidate_speed(12)

    assert (speed.products, speed.weeks, speed.candidates) == (12, 8, 20)
    assert speed.largest_difference < 1e-4
    assert speed.s_closed_form >= speed.s_means > 0


def test_the_last_line_is_the_largest_size_as_one_json_object(monkeypatch, capsys):
    cost = scale.Cost(1000, peak_rss_mb=800, windows_per_s=10, steps=2, s=1.0)
    speed = candidates.Speed(1, 8, 20, 0.1, 0.2, 0.3, 3.0, 1e-6)

    def instead(function, *given):
        if function is candidates.candidate_speed:
            return speed
        return replace(cost, product_weeks=given[0] * 50, peak_rss_mb=800 + given[0])

    monkeypatch.setattr(scale, "in_fresh_process", instead)
    monkeypatch.setattr("sys.argv", ["scale", "--products", "400", "100"])

    scale.main()

    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["product_weeks"], summary["peak_rss_mb"]) == (20_000, 1200)
    assert summary["peak_rss_over_smallest"] == pytest.approx(np.round(1200 / 900, 2))
    assert summary["candidates"]["candidates"] == 20
