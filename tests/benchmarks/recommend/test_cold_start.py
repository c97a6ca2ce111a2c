from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from benchmarks.recommend import cold
from benchmarks.recommend.split import Shop, Split
from ml.affinity import cold_start as models

KINDS = ["TEA"] * 12 + ["CUP"] * 12
HIDDEN = np.arange(24) % 2 == 0
PRODUCTS = pd.DataFrame({"subcategory": KINDS, "department": KINDS}).assign(
    product_id=[f"p{k:02}" for k in range(24)],
    category=None,
    brand=None,
    manufacturer_id=None,
    package_size=None,
)


@pytest.fixture
def given(monkeypatch):
    """Five customers buy teas, five cups, all of them twice; the first buys two teas next.

    The first customer is held out, and of the products every other one.
    """
    monkeypatch.setattr(
        cold, "held_out", lambda ids, one_in: HIDDEN if one_in == 10 else np.arange(10) == 0
    )
    monkeypatch.setattr(models, "LEAST", 1)
    bought = [(c, p) for c in range(10) for p in range(24) if (p < 12) == (c < 5)]
    rows = [(*pair, age) for pair in bought for age in (1, 40)]
    pairs = pd.DataFrame(rows, columns=["customer", "product", "age"])
    wanted = np.zeros((10, 24), bool)
    wanted[0, [0, 3]] = True
    ids = [f"c{k}" for k in range(10)]
    return Split(ids, PRODUCTS["product_id"].tolist(), pairs, *[sparse.csr_array(wanted)] * 2)


def two_tastes(purchases):
    """Factors by construction: tea and cup. What is hidden has none."""
    kinds = np.array([[1.0, 0.0]] * 12 + [[0.0, 1.0]] * 12)
    bought = purchases.toarray() > 0
    return (bought @ kinds) / 12, kinds * bought.any(axis=0)[:, None]


def test_a_hidden_products_buyer_finds_it_by_its_content(given):
    found = cold.cold_items(given, PRODUCTS, two_tastes)

    assert found["ours"]["ndcg10"] == 1.0
    assert found["ours"]["percentile"] < 0.5
    assert found["content_knn"]["percentile"] < 0.5


def test_purchases_of_hidden_products_are_not_learned_from(given):
    seen = []

    cold.cold_items(given, PRODUCTS, lambda known: seen.append(known) or two_tastes(known))

    assert seen[0][:, np.flatnonzero(HIDDEN)].nnz == 0
    assert seen[0].nnz == 10 * 6


def test_only_the_last_baskets_of_a_held_out_customer_are_known(given):
    asked = []

    def favourites(lines, customers):
        """What the customers asked about bought most, by their lines alone."""
        asked.append(lines)
        own = lines[lines["customer_id"].isin(customers)]["product_id"].value_counts()
        first = [PRODUCTS["product_id"].tolist().index(p) for p in own.index][:10]
        return np.array([first + [-1] * (10 - len(first))])

    found = cold.cold_customers(shop_of(given), favourites)

    own = [lines[lines["customer_id"] == "c0"] for lines in asked]
    assert [len(lines) for lines in own] == [0, 12, 24]
    assert own[1]["sold_on"].unique().tolist() == [pd.Timestamp("2017-12-02")]
    assert all(len(lines) - len(mine) == 216 for lines, mine in zip(asked, own, strict=True))
    assert found["baskets_0"]["ours"] == 0
    assert found["baskets_1"]["ours"] > 0
    # Of the others four buy teas and five cups: cups come first until a basket shows teas.
    assert found["baskets_0"]["popularity"] == found["baskets_0"]["own_then_popularity"] == 0
    assert found["baskets_1"]["own_then_popularity"] > 0


def shop_of(given):
    """The split's pairs as lines, and a purchase after the date that nobody may see."""
    before = date(2017, 12, 4)
    age = pd.to_timedelta(given.pairs["age"] + 1, unit="D")
    lines = pd.DataFrame(
        {
            "customer_id": "c" + given.pairs["customer"].astype(str),
            "product_id": np.array(given.products)[given.pairs["product"]],
            "sold_on": pd.Timestamp(before) - age,
        }
    )
    later = pd.DataFrame({"customer_id": ["c0"], "product_id": ["p00"]})
    lines = pd.concat([lines, later.assign(sold_on=pd.Timestamp(before))], ignore_index=True)
    return Shop(lines, PRODUCTS, before, given)


def test_one_id_in_so_many_is_held_out_and_always_the_same():
    ids = [f"p{k}" for k in range(1000)]

    held = cold.held_out(ids, 10)

    assert 70 < held.sum() < 130
    assert (cold.held_out(ids[::-1], 10)[::-1] == held).all()
