import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from benchmarks.recommend.split import Split
from benchmarks.recommend.variety import POOL, variety
from ml.affinity.catalog import Catalog
from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Neighbourhood

PRODUCTS = [f"p{k:02}" for k in range(POOL)]
NOTHING = ItemItem(sparse.csr_array((POOL, POOL)))
CATALOG = Catalog(
    ids=PRODUCTS,
    features={"popularity": -np.arange(POOL) / 10},  # the likeliest are bought by most
    groups={"category": np.arange(POOL) // 10},  # and the first ten are of one category
    private_label=np.zeros(POOL, bool),
    factors=np.zeros((POOL, 1), np.float32),
    item_item=NOTHING,
    item_cosine=NOTHING,
    neighbourhood=Neighbourhood.of(np.array([]), sparse.csr_array((0, POOL))),
    content=sparse.csr_array((POOL, 1)),
)


@pytest.fixture
def table():
    """One customer, who buys the ten likeliest products."""
    wanted = sparse.csr_array(np.arange(POOL)[None] < 10)
    split = Split(["ann"], PRODUCTS, pd.DataFrame(), wanted, wanted)
    ranks = np.arange(1, POOL + 1)
    found = pd.DataFrame(
        {"customer_id": "ann", "product_id": PRODUCTS, "rank": ranks, "score": 1 / (9 + ranks)}
    )
    return pd.DataFrame(variety(found, CATALOG, split)).T


def test_without_variety_the_list_is_the_likeliest_products(table):
    assert table.loc["0.0", "ndcg10"] == 1.0
    assert table.loc["0.0", "diversity"] == 0.0
    assert table.loc["0.0", "coverage"] == 10 / POOL


def test_the_knob_trades_accuracy_for_variety(table):
    assert table["ndcg10"].is_monotonic_decreasing
    assert table["diversity"].is_monotonic_increasing
    assert table.loc["0.3", "ndcg10"] < 1.0
    assert table.loc["0.3", "diversity"] > 0.1
    assert table.loc["0.3", "novelty"] > table.loc["0.0", "novelty"]
