from contextlib import nullcontext
from datetime import date

import pandas as pd
import pytest

from benchmarks.recommend import alike as benchmark
from benchmarks.recommend.alike import alike
from benchmarks.recommend.split import Shop, split

BEFORE = date(2017, 12, 4)


@pytest.fixture
def shop():
    """Six customers buy a to l, six others m to x; one of the first lacks l and buys it later."""
    past, later = pd.Timestamp("2017-12-01"), pd.Timestamp("2017-12-05")
    rows = [(f"c{n}", p, past) for n in range(6) for p in "abcdefghijkl" if (n, p) != (5, "l")]
    rows += [(f"d{n}", p, past) for n in range(6) for p in "mnopqrstuvwx"]
    lines = pd.DataFrame(
        [*rows, ("c5", "l", later)], columns=["customer_id", "product_id", "sold_on"]
    )
    return Shop(lines, pd.DataFrame(), BEFORE, split(lines, BEFORE))


def test_every_way_to_compare_finds_what_those_alike_bought(spark, shop, monkeypatch):
    monkeypatch.setattr(benchmark, "local_session", lambda: nullcontext(spark))

    found = alike(shop)["alike"]

    for ways in (found["products"], found["customers"]):
        assert len(ways) == 6
        assert {name: measures["ndcg10_new"] for name, measures in ways.items()} == dict.fromkeys(
            ways, 1.0
        )
