"""The whole benchmark on a made-up shop: few products, one origin, two steps of training."""

import json

from mart_writer import write_marts

from benchmarks.demand import __main__ as benchmark
from benchmarks.demand import boosting
from benchmarks.demand.run import METHODS
from benchmarks.demand.synthetic import synthetic_panel

OTHERS = ("auto_theta", "tsb")  # of the bench group; test_peers.py asks them


def test_every_table_is_made_of_a_small_shop(home, monkeypatch, capsys):
    as_of = write_marts(synthetic_panel(40, 14, seed=7))
    monkeypatch.setattr(boosting, "MEAN_TREES", 5)
    monkeypatch.setattr(boosting, "QUANTILE_TREES", 5)
    small = ["--as-of", str(as_of), "--steps", "2"]
    monkeypatch.setattr("sys.argv", ["demand", *small, "--skip", *OTHERS])

    benchmark.main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report.keys() >= {"top40", "categories", "cold", "price_response"}
    assert report["top40"].keys() == set(METHODS) - set(OTHERS)
