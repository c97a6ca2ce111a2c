"""Every part of the benchmark on a made-up shop, where one machine's Spark stands for a cluster."""

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import yaml
from small_purchases import SMALL

from benchmarks.recommend import __main__ as benchmark
from benchmarks.recommend import alike, cold, folded, ours, scale, value
from benchmarks.recommend.alike import ways
from benchmarks.recommend.journey import read_journey
from benchmarks.recommend.peers import Settings
from ml.settings import settings
from spark_jobs.ranker.examples import windows

BEFORE = date(2017, 12, 4)
CUSTOMERS, PRODUCTS = 40, 40
BENCH = "of the bench group: make test installs it"
QUICK = {"als_factors": 2, "als_iterations": 2}


def made_up_shop() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A year of 40 customers and products, half of them for the even ones; eight leave early."""
    rng = np.random.default_rng(7)
    weeks = np.arange(-48, 4)
    visits = rng.random((len(weeks), CUSTOMERS)) < rng.uniform(0.4, 0.95, CUSTOMERS)
    left = np.where(np.arange(CUSTOMERS) < 8, -14 - np.arange(CUSTOMERS), 4)
    visits &= weeks[:, None] < left
    days = 7 * weeks[:, None] + rng.integers(0, 7, visits.shape)
    taste = np.where((np.arange(PRODUCTS) + np.arange(CUSTOMERS)[:, None]) % 2, 0.05, 0.3)
    bought = rng.random((*visits.shape, PRODUCTS)) < taste * rng.uniform(0.5, 1, PRODUCTS)
    week, customer, product = np.nonzero(bought & visits[..., None])
    sold_on = pd.Timestamp(BEFORE) + pd.to_timedelta(days[week, customer], unit="D")
    lines = pd.DataFrame(
        {
            "customer_id": np.char.add("c", customer.astype(str)),
            "product_id": np.char.add("p", product.astype(str)),
            "sold_on": sold_on,
            "units": 1,
            "sales": 2.0,
            "is_discounted": product % 3 == 0,
        }
    )
    numbers = np.arange(PRODUCTS)
    products = pd.DataFrame({"product_id": [f"p{n}" for n in numbers]}).assign(
        brand="National",
        manufacturer_id="1",
        department="grocery",
        package_size=None,
        category=[f"c{n % 4}" for n in numbers],
        subcategory=[f"s{n % 8}" for n in numbers],
    )
    return lines, products


@pytest.fixture
def run(home, spark, monkeypatch, capsys):
    """The report of the command with the arguments given, on the made-up shop."""
    home.mkdir()
    (home / "affinity.yml").write_text(yaml.safe_dump(SMALL.model_dump()))
    monkeypatch.setenv("PROMOLOOP_AFFINITY_PATH", str(home / "affinity.yml"))
    settings.cache_clear()
    monkeypatch.setattr(benchmark, "read_journey", made_up_shop)
    monkeypatch.setattr(ours, "Settings", lambda: replace(Settings(), **QUICK))
    monkeypatch.setattr(scale, "FEW", replace(Settings(), **QUICK))
    for part in (ours, cold, folded, scale, alike, value):
        monkeypatch.setattr(part, "local_session", lambda: nullcontext(spark))
    for part in (ours, cold):
        monkeypatch.setattr(part, "windows", lambda before: windows(before, count=1))
    monkeypatch.setattr(cold, "HELD_PRODUCTS", 2)
    monkeypatch.setattr(cold, "BASKETS", (1,))
    monkeypatch.setattr(alike, "ways", lambda: ways()[:1])
    monkeypatch.setattr(scale, "TIMES", (1, 2))
    monkeypatch.setattr(scale, "DRIVERS", (1,))

    def command(*parts):
        named = [word for part in parts for word in ("--part", part)]
        monkeypatch.setattr("sys.argv", ["recommend", *named, "--before", str(BEFORE)])
        benchmark.main()
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return command


def test_our_lists_are_ranked_and_varied(run):
    report = run("ours")

    assert report.keys() == {"repeat", "new", "variety"}
    assert 0 < report["repeat"]["ndcg10"] <= 1


def test_peers_are_ranked_beside_spark(run):
    pytest.importorskip("implicit", reason=BENCH)

    report = run("als", "peers", "scale")

    assert report.keys() == {"als", "peers"}
    assert report["als"]["scale"]["fit"].keys() == {"1x", "2x"}
    assert report["als"]["scale"]["driver"].keys() == {"1x"}


def test_products_and_customers_held_out_are_ranked(run):
    report = run("cold")

    assert report.keys() == {"cold_item", "cold_customer"}


def test_folding_comparisons_and_values_are_judged(run):
    report = run("fold", "alike", "value")

    assert report.keys() == {"als", "alike", "value"}


def test_the_journey_is_merchandise_of_a_year():
    lines, products = read_journey()

    assert lines["sold_on"].max() - lines["sold_on"].min() > timedelta(days=300)
    assert set(lines["product_id"]) <= set(products["product_id"])
    assert (lines["units"] > 0).all()
