"""Propensities of a date do not know what was sold on it or later; one that does is caught."""

from datetime import date, timedelta

import pytest
from small_purchases import COLUMNS, PRODUCTS, SMALL, ByHabit

from spark_jobs.ranker import leak

START = date(2017, 11, 6)


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
    assert leak.largest_score_change(lines, PRODUCTS, START, SMALL, ByHabit()) == 0


def test_a_signal_that_reads_the_day_itself_is_caught(lines, monkeypatch):
    honest = leak.histories
    monkeypatch.setattr(
        leak, "histories", lambda some, before: honest(some, before + timedelta(days=1))
    )

    assert leak.largest_score_change(lines, PRODUCTS, START, SMALL, ByHabit()) > 0.05
