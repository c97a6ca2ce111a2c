from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.affinity import cold_start
from ml.affinity.content import ATTRIBUTES
from spark_jobs.als.ranking import Products
from spark_jobs.ranker.cold_start import with_new_products

AS_OF = date(2017, 12, 4)
KNOWN = Products(["a", "c"], np.array([[3, 0], [0, 1]], np.float32), np.array([5, 7], np.float32))
CATALOG = pd.DataFrame(
    {name: [None] * 5 for name in ATTRIBUTES}
    | {
        "product_id": list("abcde"),
        "subcategory": ["TEA", "TEA", "CUP", "TEA", "TEA"],
        "is_merchandise": [True, True, True, True, False],
        "list_price": None,
        "first_sold_on": pd.to_datetime(
            ["2017-01-01", "2017-11-20", "2017-01-01", "2017-06-01", "2017-11-20"]
        ),
    }
)


def test_a_fresh_product_takes_its_place_with_the_factors_of_its_like(monkeypatch):
    monkeypatch.setattr(cold_start, "LEAST", 1)
    monkeypatch.setattr(cold_start, "PENALTY", 1e-6)

    found = with_new_products(KNOWN, CATALOG, AS_OF)

    assert found.ids == ["a", "b", "c"]  # d sold long ago, e is no merchandise
    assert found.factors == pytest.approx(np.array([[3, 0], [3, 0], [0, 1]]), abs=1e-4)
    assert found.popularity.tolist() == [5, 0, 7]


def test_a_product_that_never_sold_is_new_once_it_has_a_list_price():
    first = CATALOG["first_sold_on"].where(CATALOG["product_id"] != "d")
    waiting = CATALOG.assign(first_sold_on=first)
    priced = waiting.assign(list_price=waiting["product_id"].map({"d": 2.5, "e": 1.0}))

    assert with_new_products(KNOWN, waiting, AS_OF).ids == ["a", "b", "c"]
    assert with_new_products(KNOWN, priced, AS_OF).ids == ["a", "b", "c", "d"]


def test_without_fresh_products_nothing_changes():
    assert with_new_products(KNOWN, CATALOG, date(2018, 6, 1)) is KNOWN
