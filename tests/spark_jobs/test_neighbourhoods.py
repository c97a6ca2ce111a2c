import numpy as np
import pytest
from scipy import sparse

from spark_jobs import neighbourhoods
from spark_jobs.neighbourhoods import similar_products

PURCHASES = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 2, 0, 1, 0]], float)


@pytest.mark.parametrize("measure", ["cosine", "pearson"])
def test_blocks_of_products_give_what_the_whole_matrix_gives(spark, monkeypatch, measure):
    monkeypatch.setattr(neighbourhoods, "CELLS", 10)  # two products a block

    found = similar_products(spark, sparse.csr_array(PURCHASES), measure, kept=5, shrinkage=2.0)

    rows = PURCHASES.T - (PURCHASES.mean(axis=0)[:, None] if measure == "pearson" else 0)
    lengths, bought = np.linalg.norm(rows, axis=1), (PURCHASES > 0).T.astype(float)
    shared = bought @ bought.T
    expected = np.maximum(rows @ rows.T / np.outer(lengths, lengths), 0) * shared / (shared + 2)
    np.fill_diagonal(expected, 0)
    assert found.weights.toarray() == pytest.approx(expected, abs=1e-6)
