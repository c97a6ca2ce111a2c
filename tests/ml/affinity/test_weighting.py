import numpy as np
import pytest
from scipy import sparse

from ml.affinity.weighting import BM25_B, BM25_K1, Weighing, rarity

LINES = np.array([[2, 1, 0, 0, 1], [1, 1, 1, 0, 0], [0, 0, 3, 1, 0], [4, 2, 0, 0, 2]], float)
ROWS = sparse.csr_array(np.log1p(LINES))


def test_what_few_customers_buy_weighs_more():
    assert rarity(ROWS) == pytest.approx(np.log([4 / 3, 4 / 3, 2, 4, 2]))


def test_log_purchases_are_as_they_were():
    assert Weighing.of(ROWS, "log").of_rows(ROWS) is ROWS


def test_tfidf_weighs_log_purchases_by_rarity():
    found = Weighing.of(ROWS, "tfidf").of_rows(ROWS[[1]]).toarray()

    assert found == pytest.approx(np.log1p(LINES[[1]]) * rarity(ROWS))


def test_bm25_is_what_its_formula_says_of_lines():
    found = Weighing.of(ROWS, "bm25").of_rows(ROWS[[0, 3]]).toarray()

    mean = LINES.sum() / 4
    for row, lines in zip(found, LINES[[0, 3]], strict=True):
        least = BM25_K1 * (1 - BM25_B + BM25_B * lines.sum() / mean)
        expected = rarity(ROWS) * lines * (BM25_K1 + 1) / (lines + least)
        assert row == pytest.approx(expected)


def test_bm25_gives_a_block_of_small_floats_what_it_gives_all():
    weighing = Weighing.of(ROWS, "bm25")

    found = weighing.of_rows(ROWS.astype(np.float32)).toarray()

    assert found == pytest.approx(weighing.of_rows(ROWS).toarray(), rel=1e-6)
    assert ROWS.toarray() == pytest.approx(np.log1p(LINES))  # what is weighed is left alone


def test_of_nobody_nothing_is_weighed():
    empty = sparse.csr_array((0, 3))

    for weights in ("log", "tfidf", "bm25"):
        assert Weighing.of(empty, weights).of_rows(empty).shape == (0, 3)
