from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.recommend import scale
from benchmarks.recommend.scale import TIMES, bootstrapped, drawn, slope
from benchmarks.recommend.split import Shop, split

BEFORE = date(2017, 12, 4)
PRODUCTS = [*"abcdefghijklmnopqrstuvw"]


@pytest.fixture
def given():
    """Six customers buy a to w, each all but one of them, which they buy later."""
    past, later = (pd.Timestamp(BEFORE) + pd.Timedelta(days=days) for days in (-1, 1))
    rows = [(f"c{n}", p, past) for n in range(6) for p in PRODUCTS if p != PRODUCTS[n]]
    rows += [(f"c{n}", PRODUCTS[n], later) for n in range(6)]
    return split(pd.DataFrame(rows, columns=["customer_id", "product_id", "sold_on"]), BEFORE)


def test_bootstrapped_customers_are_drawn_whole_and_the_same_every_time():
    drawn = bootstrapped(4, 5)

    assert len(drawn) == 20
    assert set(drawn) <= set(range(4))
    np.testing.assert_array_equal(drawn, bootstrapped(4, 5))
    assert bootstrapped(4, 1).tolist() == [0, 1, 2, 3]


def lines(*customers):
    columns = {"units": 1, "sales": 1.0, "is_discounted": False}
    rows = [(c, f"p{k}", BEFORE) for k, c in enumerate(customers)]
    found = pd.DataFrame(rows, columns=["customer_id", "product_id", "sold_on"])
    return found.assign(**columns)


def test_customers_drawn_again_bring_all_their_lines_under_a_new_id():
    sold = lines("c0", "c1", "c0", "c2", "c2", "c2")
    baskets = {("p0", "p2"), ("p1",), ("p3", "p4", "p5")}

    rows = drawn(sold, 4).to_pandas()

    bought = rows.groupby("customer_id")["product_id"].agg(tuple)
    assert len(bought) == 12
    assert set(bought) == baskets
    assert drawn(sold, 4).equals(drawn(sold, 4))


def test_drawn_once_everybody_is_there_once():
    rows = drawn(lines("c0", "c1", "c0"), 1).to_pandas()

    assert sorted(zip(rows["customer_id"], rows["product_id"], strict=True)) == [
        ("0", "p0"),
        ("0", "p2"),
        ("1", "p1"),
    ]


def test_time_that_grows_as_customers_do_has_slope_one():
    assert slope([3.0 * times for times in TIMES]) == pytest.approx(1.0)
    assert slope([3.0 * times**2 for times in TIMES]) == pytest.approx(2.0)


def test_the_report_holds_each_size_and_the_slopes_of_all_of_them(given, monkeypatch):
    monkeypatch.setattr(scale, "fitted", lambda _, times: {"fit_s": 2.0 * times, "ndcg10_new": 0.1})
    monkeypatch.setattr(scale, "driver_memory", lambda *_: {"jvm_mb": 500.0})

    found = scale.growth(Shop(pd.DataFrame(), pd.DataFrame(), BEFORE, given))["als"]["scale"]

    assert found["fit"] == {
        f"{times}x": {"fit_s": 2.0 * times, "ndcg10_new": 0.1} for times in TIMES
    }
    assert found["slope"] == {"fit_s": pytest.approx(1.0)}
    assert found["driver"].keys() == {"1x", "3x", "10x"}


def test_fits_are_judged_by_what_the_customers_drawn_bought_later(given, monkeypatch):
    asked = []

    def perfect(purchases, judged):
        asked.append((purchases.shape[0], judged))
        return bought_later[:judged], np.eye(len(given.products)), {"fit_s": 1.0}

    rows = bootstrapped(len(given.customers), 5)
    bought_later = given.wanted[rows].toarray().astype(float)
    monkeypatch.setattr(scale, "JUDGED", 20)
    monkeypatch.setattr(scale, "_spark_fit", perfect)
    monkeypatch.setattr(
        scale,
        "fit_implicit_as_spark",
        lambda *_: SimpleNamespace(
            user_factors=-bought_later, item_factors=np.eye(len(given.products))
        ),
    )

    found = scale.fitted(given, 5)

    assert asked == [(30, 20)]
    assert found["ndcg10_repeat"] == found["ndcg10_new"] == 1.0
    assert found["implicit_ndcg10_repeat"] == found["implicit_exact_ndcg10_repeat"] == 0.0
