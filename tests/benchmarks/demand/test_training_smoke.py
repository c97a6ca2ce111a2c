"""Trainings and candidate prices of a shop small enough for a test."""

import json

from benchmarks.demand import scale
from ml.settings import settings


def test_the_smallest_size_is_trained_and_its_candidates_priced(home, monkeypatch, capsys):
    monkeypatch.setenv("PROMOLOOP_DEMAND_PRODUCTS", "20")  # of the candidates
    settings.cache_clear()
    monkeypatch.setattr("sys.argv", ["scale", "--products", "20", "--steps", "1"])

    scale.main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["product_weeks"], report["steps"]) == (20 * scale.WEEKS, 1)
    assert report["candidates"]["products"] == 20
    assert report["candidates"]["largest_difference"] < 1e-4
