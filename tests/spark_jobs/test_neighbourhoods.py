import numpy as np
import pytest
from scipy import sparse

from spark_jobs import neighbourhoods
from spark_jobs.neighbourhoods import similar_products

PURCHASES = np.array(
    [[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 2, 0, 1, 0]], float
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(neighbourhoods, "CELLS", 10)  # two products a block


def similar(spark, **options):
    return similar_products(spark, sparse.csr_array(PURCHASES), **options).weights


def test_blocks_of_products_give_what_the_whole_matrix_gives(spark, monkeypatch):
    monkeypatch.setattr(neighbourhoods, "SHRINKAGE", 0.0)

    found = similar(spark).toarray()

    lengths = np.linalg.norm(PURCHASES, axis=0)
    expected = PURCHASES.T @ PURCHASES / np.outer(lengths, lengths)
    np.fill_diagonal(expected, 0)
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_product_hears_of_its_nearest_alone_and_one_common_buyer_tells_little(spark, monkeypatch):
    monkeypatch.setattr(neighbourhoods, "KEPT", 1)

    found = similar(spark, measure="pearson")

    assert (np.diff(found.tocsc().indptr) <= 1).all()
    expected = np.corrcoef(PURCHASES.T)[0, 1] * 2 / 12
    assert found.toarray()[1, 0] == pytest.approx(expected, abs=1e-6)
