from datetime import date, timedelta

import pytest

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.search import METRIC
from spark_jobs.als.quality import window
from spark_jobs.search_affinity import measures

START = date(2017, 11, 6)
LINES = "customer_id string, product_id string, sold_on date, basket_id string"
SMALL = AlsHyperparameters.read().model_copy(update={"rank": 4, "iterations": 3})


def lines(spark, *later):
    """Customers who buy a, b and c, one who lacks c, and what was bought later."""
    rows = [(f"{k}", p, START - timedelta(days=9), f"{k}{p}") for k in range(6) for p in "abc"]
    rows += [("ann", p, START - timedelta(days=9), f"ann{p}") for p in "ab"]
    rows += [(f"{k}", "d", START - timedelta(days=9), f"{k}d") for k in range(5)]
    return spark.createDataFrame([*rows, *later], LINES)


@pytest.fixture(scope="module")
def measured(spark):
    later = [("ann", "c", START, "1"), ("ann", "d", START + timedelta(days=28), "2")]
    return measures(window(lines(spark, *later), START, 5), SMALL)


def test_als_finds_what_is_new_to_a_customer(measured):
    assert measured[METRIC] == pytest.approx(1.0)


def test_habit_finds_nothing_where_everything_is_new(measured):
    assert measured["own_history_all_ndcg_at_10"] < 1


def test_purchases_in_a_window_do_not_move_the_factors_it_is_judged_on(spark):
    quiet, loud = (
        window(lines(spark, *later), START, 5).purchases.pairs
        for later in ([], [("6", "d", START, "3"), ("ann", "c", START, "4")])
    )
    assert sorted(map(str, quiet.collect())) == sorted(map(str, loud.collect()))
