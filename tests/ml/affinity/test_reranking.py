import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from benchmarks.recommend.diversity import spread_measures
from ml.affinity.catalog import Catalog
from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Neighbourhood
from ml.affinity.reranking import (
    ListHyperparameters,
    best,
    chosen,
    ndcg_ratio_by_variety,
    pooled,
    popularity_percentiles,
    varied,
)
from ml.errors import PolicyError

NOTHING = ItemItem(sparse.csr_array((5, 5)))
BUYERS = np.array([8, 4, 4, 2, 1])
CATALOG = Catalog(
    ids=list("abcde"),
    features={"popularity": np.log(BUYERS / 8)},
    groups={"category": np.array([0, 0, 1, 1, 2]), "maker": np.array([0, 0, 0, 1, 2])},
    private_label=np.zeros(5, bool),
    factors=np.zeros((5, 1), np.float32),
    item_item=NOTHING,
    item_cosine=NOTHING,
    neighbourhood=Neighbourhood.of(np.array([]), sparse.csr_array((0, 5))),
    content=sparse.csr_array((5, 1)),
)
LISTS = np.array([[0, 1, 2, 4], [3, 2, -1, -1]])
SCORES = np.array([[0.5, 0.45, 0.4, 0.1], [0.2, 0.1, 0.0, 0.0]])


def made(variety, places):
    return np.take_along_axis(LISTS, varied(LISTS, SCORES, CATALOG, variety, places), axis=1)


def test_no_variety_keeps_the_order_of_scores():
    assert made(0.0, 3).tolist() == [[0, 1, 2], [3, 2, -1]]


def test_what_is_like_the_product_before_waits():
    assert made(0.3, 4)[0].tolist() == [0, 2, 1, 4]  # b shares both groups with a, c one


def test_a_list_is_as_short_as_what_there_is():
    assert made(0.9, 9)[1].tolist() == [3, 2, -1, -1]


def test_all_variety_forgets_relevance_and_takes_the_least_known_first():
    assert made(1.0, 2)[0].tolist() == [4, 1]


def test_equally_popular_products_share_a_percentile():
    assert popularity_percentiles(CATALOG).tolist() == [0.8, 0.4, 0.4, 0.2, 0.0]


def test_measures_of_two_lists_by_hand():
    found = spread_measures(np.array([[0, 1], [0, 4]]), CATALOG)

    assert found["coverage"] == pytest.approx(3 / 5)
    assert found["diversity"] == pytest.approx((0 + 1) / 2)
    assert found["novelty"] == pytest.approx((0 + 1 + 0 + 3) / 4)
    assert found["popularity"] == pytest.approx((0.8 + 0.4 + 0.8 + 0.0) / 4)
    assert found["gini"] == pytest.approx((-4 * 0 - 2 * 0 + 0 * 1 + 2 * 1 + 4 * 2) / (5 * 4))


def test_the_shipped_knob_is_read_and_one_out_of_range_is_refused(tmp_path):
    wrong = tmp_path / "ranker.yml"
    wrong.write_text("give_up: 1.5\n")

    assert ListHyperparameters.read().give_up == 0
    with pytest.raises(PolicyError, match=r"ranker.yml: give_up: .*less than 1"):
        ListHyperparameters.read(wrong)


KEPT = {0.0: 1.0, 0.05: 1.001, 0.1: 0.996, 0.2: 0.989, 0.3: 0.991}


@pytest.mark.parametrize(
    ("give_up", "variety"), [(0.0, 0.0), (0.001, 0.05), (0.004, 0.1), (0.01, 0.3), (0.5, 0.3)]
)
def test_the_largest_variety_that_loses_no_more_is_chosen_and_none_for_nothing(give_up, variety):
    assert chosen(KEPT, give_up) == variety


def test_what_lists_keep_is_their_ndcg_over_that_of_the_likeliest_products():
    customers = ["ann", "bob"]
    row, column = np.nonzero(LISTS >= 0)
    rows = pd.DataFrame(
        {
            "customer_id": np.array(customers)[row],
            "product_id": np.array(CATALOG.ids)[LISTS[row, column]],
            "rank": column + 1,
            "score": SCORES[row, column],
        }
    )
    wanted = sparse.csr_array(np.array([[0, 1, 0, 0, 0], [0, 0, 0, 1, 0]], bool))

    found = ndcg_ratio_by_variety(rows, customers, wanted, CATALOG, 10)

    lists, scores = pooled(rows, customers, CATALOG, 10)
    assert lists[:, :4].tolist() == LISTS.tolist()
    assert scores[:, :4].tolist() == SCORES.tolist()
    assert best(lists, scores, CATALOG, 0.3)[0, :4].tolist() == [0, 2, 1, 4]  # b waits: third
    assert found[0.0] == 1
    assert found[0.3] == pytest.approx((1 / np.log2(4) + 1) / (1 / np.log2(3) + 1))
