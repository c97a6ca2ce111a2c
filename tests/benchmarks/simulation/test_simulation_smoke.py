"""The whole benchmark on the small shop: planned, then played on what was sold in half a year."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from mart_writer import write_marts
from small_shop import AS_OF, MODELLED, products

from benchmarks.demand.synthetic import synthetic_panel
from benchmarks.simulation import __main__ as benchmark
from ml.demand.data.panel import STATIC, WEEK

LATER = AS_OF + timedelta(weeks=4)


@pytest.fixture
def half_a_year(shop):
    """Marts of `LATER`, in which the shop's products have sold and been promoted."""
    shop()
    panel = synthetic_panel(len(MODELLED), 26, seed=7)
    write_marts(
        replace(
            panel,
            products=products()[list(STATIC)],
            weeks=panel.weeks - panel.weeks[-1] + np.datetime64(LATER) - WEEK,
        )
    )


def test_every_plan_is_played_and_keeps_the_limits(half_a_year, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["simulation", "--as-of", str(AS_OF), "--later", str(LATER)])

    benchmark.main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["plans"].keys() >= {"ours", "retailer", "rule", "none", "random"}
    assert report["plans"]["none"]["margin"] == 0
    assert report["violations"] == 0
