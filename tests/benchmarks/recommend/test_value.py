from datetime import date

import numpy as np
import pandas as pd
import pytest

from benchmarks.recommend import value as benchmark
from benchmarks.recommend.split import Shop
from benchmarks.recommend.value import (
    amounts,
    behaviour,
    by_silence,
    chance,
    gaps_before,
    lost,
    tenths,
    value,
)

START = date(2017, 10, 2)


def sold(*rows):
    found = pd.DataFrame(rows, columns=["customer_id", "sold_on", "sales"])
    return found.assign(sold_on=pd.to_datetime(found["sold_on"]))


LINES = sold(
    ("ann", "2017-03-01", 5.0),
    ("ann", "2017-09-01", 7.0),
    ("ann", "2017-09-01", 1.0),
    ("bob", "2017-03-02", 9.0),
    ("ann", "2017-10-02", 4.0),
    ("bob", "2017-12-11", 2.0),
    ("new", "2017-10-05", 3.0),
)


def test_gaps_are_those_that_the_mart_has():
    lines = sold(
        ("ann", "2017-11-01", 1.0),
        ("ann", "2017-11-01", 1.0),
        ("ann", "2017-11-03", 1.0),
        ("ann", "2017-11-09", 1.0),
        ("bob", "2017-12-03", 1.0),
        ("bob", "2017-12-04", 1.0),
    )

    found = gaps_before(lines, date(2017, 12, 4)).sort_values(["customer_id", "started_on"])

    assert found["days"].tolist() == [2, 6, 25, 1]
    assert found["is_open"].tolist() == [False, False, True, True]
    assert found["visit_days"].tolist() == [1, 2, 3, 1]
    assert found["usual_days"].tolist() == pytest.approx([14, 8, 22 / 3, 14])


def test_what_customers_did_so_far_knows_nothing_of_the_day_or_later():
    found = behaviour(LINES, START)

    assert found.index.tolist() == ["ann", "bob"]
    assert found.loc["ann"].to_dict() == {
        "visits": 2,
        "sales": 13.0,
        "recent_visits": 1,
        "recent_sales": 8.0,
        "days_known": 215,
        "silence": 31,
    }
    assert found.loc["bob", "recent_sales"] == 0


def test_who_does_not_come_in_so_many_days_is_lost():
    assert lost(LINES, START, 56).to_dict() == {"ann": 0.0, "bob": 1.0}
    assert lost(LINES, START, 84).to_dict() == {"ann": 0.0, "bob": 0.0}


def test_silence_says_how_many_were_lost_who_had_been_silent_as_long(monkeypatch):
    monkeypatch.setattr(benchmark, "TENTHS", 2)
    early = [(name, "2017-08-01" if name in "ab" else "2017-05-01", 1.0) for name in "abcd"]
    back = [(name, "2017-09-30", 1.0) for name in "ab"]  # within 56 days of 2017-08-07

    found = by_silence(sold(*early, *back), START, 56)

    assert found.to_dict() == {"a": 0.0, "b": 0.0, "c": 1.0, "d": 1.0}


def test_amounts_are_judged_by_sum_size_and_order():
    found = amounts(pd.Series([1.0, 2.0, 6.0]), pd.Series([2.0, 3.0, 5.0]))

    assert found == {"ratio": 0.9, "mae": 1.0, "spearman": pytest.approx(1.0)}


def test_chances_are_judged_by_mean_square_and_order():
    found = chance(pd.Series([0.1, 0.5, 0.4, 0.8]), pd.Series([0.0, 0.0, 1.0, 1.0]))

    assert found["ratio"] == pytest.approx(0.9)
    assert found["brier"] == pytest.approx((0.01 + 0.25 + 0.36 + 0.04) / 4)
    assert found["auc"] == 0.75


def test_tenths_are_equally_many_the_least_expected_first():
    expected = pd.Series(np.arange(20.0)[::-1])

    found = tenths(expected, 2 * expected)

    assert list(found) == [str(place) for place in range(1, 11)]
    assert found["1"] == {"expected": 0.5, "brought": 1.0}
    assert found["10"] == {"expected": 18.5, "brought": 37.0}


@pytest.mark.filterwarnings("ignore:An input array is constant")
def test_the_report_compares_what_was_expected_with_what_the_weeks_brought(monkeypatch):
    def expected(_, start, weeks):
        assert (start, weeks) in {(START, 12), (date(2017, 4, 17), 36)}
        chances = {"lost_56_days": [0.0, 1.0], "lost_84_days": [0.2, 0.2]}
        spent = {"visits": [1.0, 2.0], "sales": [4.0, 2.0]}
        return pd.DataFrame(spent | chances, ["ann", "bob"])

    monkeypatch.setattr(benchmark, "expectations", expected)
    monkeypatch.setattr(benchmark, "chance", lambda expected, _: {"mean": expected.mean()})

    found = value(Shop(LINES, pd.DataFrame(), date(2017, 12, 25), None))["value"]

    sales, visits = found["sales_12_weeks"], found["visits_12_weeks"]
    assert (sales["ours"]["ratio"], sales["ours"]["mae"]) == (1.0, 0.0)
    assert visits["last_weeks"]["ratio"] == 0.5
    assert visits["own_pace"]["ratio"] == pytest.approx(84 * (2 / 215 + 1 / 214) / 2)
    assert sales["tenths"]["10"] == {"expected": 4.0, "brought": 4.0}
    assert found["sales_36_weeks"]["ours"]["ratio"] == 6 / 14
    assert found["lost_56_days"]["ours"] == {"mean": 0.5}
