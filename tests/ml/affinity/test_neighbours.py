import numpy as np
import pytest
from scipy import sparse

from ml.affinity import neighbours
from ml.affinity.neighbours import Neighbourhood, Similarity, nearest


def csr(rows):
    return sparse.csr_array(np.array(rows, float))


PEOPLE = [[2, 1, 0, 0, 1], [1, 1, 1, 0, 0], [0, 0, 3, 1, 0], [4, 2, 0, 0, 2]]


def test_likeness_is_the_cosine_of_the_angle():
    found = nearest(csr([[3, 4]]), csr([[3, 4], [4, 3], [0, 1]]), limit=3).toarray()

    assert found[0] == pytest.approx([1.0, 24 / 25, 4 / 5])


def test_pearson_agrees_with_numpy_and_leaves_out_what_is_opposed():
    found = nearest(csr(PEOPLE), csr(PEOPLE), limit=4, measure="pearson").toarray()

    assert found == pytest.approx(np.maximum(np.corrcoef(PEOPLE), 0), abs=1e-12)


def test_only_the_nearest_are_kept():
    found = nearest(csr([[1, 0]]), csr([[1, 3], [1, 1], [1, 2]]), limit=2)

    assert found.indices.tolist() == [1, 2]


def test_what_shares_little_is_shrunk():
    shared = csr([[1, 0, 0, 0], [1, 1, 1, 1]])

    found = nearest(shared, shared, limit=2, shrinkage=4.0).diagonal()

    assert found == pytest.approx([1 / 5, 4 / 8])


def test_nobody_is_a_neighbour_of_himself():
    found = nearest(csr(PEOPLE[:2]), csr(PEOPLE), limit=4, never=np.array([0, -1])).toarray()

    assert found[0, 0] == 0
    assert found[0, 3] == pytest.approx(1.0)
    assert found[1, 1] == pytest.approx(1.0)


def test_customers_are_compared_as_they_are_asked_to_be(monkeypatch):
    monkeypatch.setattr(neighbours, "SHRINKAGE", 0.0)
    ids, bought = np.array(["ann", "bob", "cat"]), csr([[2, 1, 0], [0, 1, 2], [2, 0, 0]])
    zoe = csr([[2, 1, 0]])

    scores = {
        measure: Neighbourhood.of(ids, bought, Similarity(measure)).scores(np.array(["zoe"]), zoe)[
            0
        ]
        for measure in ("cosine", "pearson")
    }

    assert scores["cosine"][2] > 0  # bob bought the second, too
    assert scores["pearson"][2] == 0  # and is opposed to zoe by correlation


def test_what_a_purchase_counts_is_a_setting(monkeypatch):
    monkeypatch.setattr(neighbours, "SHRINKAGE", 0.0)
    bought = csr(np.log1p([[9, 1, 1, 0], [9, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 0]]))
    ids, zoe = np.array(["ann", "bob", "cat", "dan"]), csr(np.log1p([[9, 1, 0, 0]]))

    def liking(weights):
        how = Similarity(customer_weights=weights)
        return Neighbourhood.of(ids, bought, how).scores(np.array(["zoe"]), zoe)[0]

    assert liking("log")[3] > 0  # bob is like her by what all buy
    assert liking("tfidf")[3] == liking("bm25")[3] == 0  # and not by what is rare


def test_a_customer_is_offered_what_those_like_him_bought(monkeypatch):
    monkeypatch.setattr(neighbours, "SHRINKAGE", 0.0)
    ids = np.array(["ann", "bob", "cat"])
    bought = csr([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 2]])

    found = Neighbourhood.of(ids, bought).scores(np.array(["ann", "zoe"]), bought[[0, 0]])

    assert found[0] == pytest.approx([1, 1, 1, 0])  # bob alone is like her, and she is not asked
    assert 0 < found[1, 2] < 0.5  # zoe buys what ann does: ann comes first


def test_a_customer_like_nobody_is_offered_nothing():
    bought = csr([[1, 0], [1, 0], [0, 0]])

    found = Neighbourhood.of(np.array(["ann", "bob", "cat"]), bought).scores(
        np.array(["dan"]), csr([[0, 3]])
    )

    assert found.tolist() == [[0, 0]]
