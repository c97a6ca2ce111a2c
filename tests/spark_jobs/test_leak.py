"""Propensities of a date do not know what was sold on it or later; one that does is caught."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.affinity.hyperparameters import read_hyperparameters
from ml.affinity.ranker import NAMES
from spark_jobs import leak

START = date(2017, 11, 6)
SMALL = read_hyperparameters().model_copy(
    update={"rank": 2, "iterations": 2, "minimum_customers": 2}
)
COLUMNS = (
    "customer_id string, product_id string, sold_on date, units long, sales double, "
    "is_discounted boolean"
)
PRODUCTS = pd.DataFrame(
    {
        "product_id": list("abcd"),
        "brand": ["National"] * 4,
        "manufacturer_id": ["1", "2", "1", "1"],
        "department": ["grocery"] * 4,
        "package_size": [None] * 4,
        "category": ["tea", "tea", "cups", "cups"],
        "subcategory": ["green", "black", "mugs", "mugs"],
    }
)


class ByHabit:
    """A ranker whose propensity is a tenth of the decayed purchases."""

    def predict(self, signals):
        return signals[:, NAMES.index("decayed_112")].astype(np.float64) / 10


@pytest.fixture(scope="module")
def lines(spark):
    baskets = {-40: {"ann": "abc", "bob": "abd", "cat": "bcd"}, 3: {"ann": "d", "dan": "ac"}}
    rows = [
        (customer, product, START + timedelta(days), 1, 2.0, False)
        for days, bought in baskets.items()
        for customer, products in bought.items()
        for product in products
    ]
    return spark.createDataFrame(rows, COLUMNS).cache()


def test_nothing_moves_when_later_lines_are_others(lines):
    assert leak.largest_move(lines, PRODUCTS, START, SMALL, ByHabit()) == 0


def test_a_signal_that_reads_the_day_itself_is_caught(lines, monkeypatch):
    honest = leak.histories
    monkeypatch.setattr(
        leak, "histories", lambda some, before: honest(some, before + timedelta(days=1))
    )

    assert leak.largest_move(lines, PRODUCTS, START, SMALL, ByHabit()) > 0.05
