from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from spark_jobs.benchmark import scale
from spark_jobs.benchmark.scale import TIMES, bootstrapped, drawn, slope
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


def lines(*customers):
    columns = {"units": 1, "sales": 1.0, "is_discounted": False}
    rows = [(c, f"p{k}", BEFORE) for k, c in enumerate(customers)]
    found = pd.DataFrame(rows, columns=["customer_id", "product_id", "sold_on"])
    return found.assign(**columns)


def test_customers_drawn_again_bring_all_their_lines_under_a_new_id():
    told = lines("c0", "c1", "c0", "c2", "c2", "c2")
    baskets = {("p0", "p2"), ("p1",), ("p3", "p4", "p5")}

    rows = drawn(told, 4).to_pandas()

    bought = rows.groupby("customer_id")["product_id"].agg(tuple)
    assert len(bought) == 12
    assert set(bought) == baskets
    assert drawn(told, 4).equals(drawn(told, 4))


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
    monkeypatch.setattr(scale, "fit_times", lambda known: {"fit_s": 2.0 * known.shape[0]})
    monkeypatch.setattr(scale, "driver_memory", lambda *_: {"jvm_mb": 500.0})

    found = scale.growth(Shop(pd.DataFrame(), pd.DataFrame(), BEFORE, given))["als"]["scale"]

    assert found["fit"] == {f"{times}x": {"fit_s": 12.0 * times} for times in TIMES}
    assert found["slope"]["fit_s"] == pytest.approx(1.0)
    assert found["driver"].keys() == {"1x", "10x"}
