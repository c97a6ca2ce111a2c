import numpy as np
import pytest
from scipy import sparse

from ml.affinity.neighbours import Similarity
from ml.affinity.weighting import Weighing
from spark_jobs.ranker import item_cosine
from spark_jobs.ranker.item_cosine import similar_products

PURCHASES = np.log1p([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 2, 0, 1, 0]])


@pytest.mark.parametrize(
    ("measure", "weights"), [("cosine", "log"), ("pearson", "log"), ("cosine", "bm25")]
)
def test_blocks_of_products_give_what_the_whole_matrix_gives(spark, monkeypatch, measure, weights):
    monkeypatch.setattr(item_cosine, "CELLS", 10)  # two products a block

    how = Similarity(measure, product_weights=weights)

    found = similar_products(spark, sparse.csr_array(PURCHASES), how, neighbours=5, shrinkage=2.0)

    buyers = sparse.csr_array(PURCHASES.T)
    rows = Weighing.of(buyers, weights).of_rows(buyers).toarray()
    rows -= rows.mean(axis=1, keepdims=True) if measure == "pearson" else 0
    lengths, bought = np.linalg.norm(rows, axis=1), (PURCHASES > 0).T.astype(float)
    shared = bought @ bought.T
    expected = np.maximum(rows @ rows.T / np.outer(lengths, lengths), 0) * shared / (shared + 2)
    np.fill_diagonal(expected, 0)
    assert found.weights.toarray() == pytest.approx(expected, abs=1e-6)
