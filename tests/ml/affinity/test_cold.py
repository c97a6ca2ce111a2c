import numpy as np
import pytest
from scipy import sparse

from ml.affinity import cold
from ml.affinity.cold import expected_purchases, factors_from_content

TEA, CUP = [1.0, 0.0], [0.0, 1.0]


def test_a_product_without_buyers_gets_the_factors_of_its_like(monkeypatch):
    monkeypatch.setattr(cold, "PENALTY", 1e-6)
    monkeypatch.setattr(cold, "LEAST", 1)
    described = sparse.csr_array([TEA, CUP, TEA, CUP])
    factors = np.array([[3.0, -1.0], [1.0, 2.0], [np.nan] * 2, [np.nan] * 2])

    found = factors_from_content(described, factors, np.array([True, True, False, False]))

    assert found == pytest.approx(np.array([[3, -1], [1, 2], [3, -1], [1, 2]]), abs=1e-4)


def test_a_product_like_none_gets_the_mean_factors_and_rare_terms_little(monkeypatch):
    monkeypatch.setattr(cold, "LEAST", 1)
    described = sparse.csr_array([TEA, CUP, [0.0, 0.0], TEA])
    factors = np.array([[3.0], [1.0], [9.0], [9.0]])

    found = factors_from_content(described, factors, np.array([True, True, False, False]))

    assert found[2] == pytest.approx([2.0])
    assert found[3] == pytest.approx([2 + 1 / (1 + cold.PENALTY)])


def test_newcomers_are_expected_to_buy_what_others_do_and_to_come_back_for_their_own():
    features = {
        "popularity_28": np.log([0.2, 0.1, 0.01]),
        "bought_again": np.array([0.2, 0.5, 0.1]),
    }
    days = sparse.csr_array([[0, 0, 0], [0, 0, 2]])

    found = expected_purchases(days, features)

    assert found[0] == pytest.approx([0.2, 0.1, 0.01])
    assert found[1] == pytest.approx([0.2, 0.1, 0.21])
