from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from spark_jobs.benchmark import scale
from spark_jobs.benchmark.scale import TIMES, bootstrapped, purchases, slope
from spark_jobs.benchmark.split import Shop, split

BEFORE = date(2017, 12, 4)


@pytest.fixture
def given():
    """Six customers buy tea on the day before; the first bought it 112 days earlier too."""
    days = [pd.Timestamp(BEFORE) - pd.Timedelta(days=days) for days in (1, 113)]
    rows = [(f"c{n}", "tea", days[0]) for n in range(6)] + [("c0", "tea", days[1])]
    return split(pd.DataFrame(rows, columns=["customer_id", "product_id", "sold_on"]), BEFORE)


def test_bootstrapped_customers_are_drawn_whole_and_the_same_every_time():
    known = sparse.csr_array(np.arange(12.0).reshape(4, 3))

    drawn = bootstrapped(known, 5).toarray()

    assert drawn.shape == (20, 3)
    assert {tuple(row) for row in drawn} <= {tuple(row) for row in known.toarray()}
    np.testing.assert_array_equal(drawn, bootstrapped(known, 5).toarray())
    assert bootstrapped(known, 1) is known


def test_purchases_are_decayed_and_dated_as_the_mart_has_them(given):
    rows = purchases(given, BEFORE, 1).to_pandas().set_index("customer_id")

    assert rows["decayed_purchases"].to_list() == pytest.approx([1.5, 1, 1, 1, 1, 1])
    assert set(rows["last_bought_on"]) == {date(2017, 12, 3)}


def test_twice_as_many_purchases_have_twice_as_many_customers(given):
    rows = purchases(given, BEFORE, 2).to_pandas()

    assert rows["customer_id"].nunique() == 12
    assert set(rows["product_id"]) == {"tea"}


def test_time_that_grows_as_customers_do_has_slope_one():
    assert slope([3.0 * times for times in TIMES]) == pytest.approx(1.0)
    assert slope([3.0 * times**2 for times in TIMES]) == pytest.approx(2.0)


def test_the_report_holds_each_size_and_the_slopes_of_all_of_them(given, monkeypatch):
    monkeypatch.setattr(scale, "fit_times", lambda known: {"fit_s": 2.0 * known.shape[0]})
    monkeypatch.setattr(scale, "driver_memory", lambda *_: {"jvm_mb": 500.0})

    found = scale.growth(Shop(pd.DataFrame(), pd.DataFrame(), BEFORE, given))["als"]["scale"]

    assert found["fit"] == {f"{times}x": {"fit_s": 12.0 * times} for times in TIMES}
    assert found["slope"]["fit_s"] == pytest.approx(1.0)
    assert found["driver"].keys() == {"1x", "10x"}
