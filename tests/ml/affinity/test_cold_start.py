import numpy as np
import pytest
from scipy import sparse

from ml.affinity import cold_start
from ml.affinity.cold_start import factors_from_content

TEA, CUP = [1.0, 0.0], [0.0, 1.0]


def test_a_product_without_buyers_gets_the_factors_of_its_like(monkeypatch):
    monkeypatch.setattr(cold_start, "PENALTY", 1e-6)
    monkeypatch.setattr(cold_start, "LEAST", 1)
    described = sparse.csr_array([TEA, CUP, TEA, CUP])
    factors = np.array([[3.0, -1.0], [1.0, 2.0], [np.nan] * 2, [np.nan] * 2])

    found = factors_from_content(described, factors, np.array([True, True, False, False]))

    assert found == pytest.approx(np.array([[3, -1], [1, 2], [3, -1], [1, 2]]), abs=1e-4)


def test_a_product_like_none_gets_the_mean_factors_and_rare_terms_little(monkeypatch):
    monkeypatch.setattr(cold_start, "LEAST", 1)
    described = sparse.csr_array([TEA, CUP, [0.0, 0.0], TEA])
    factors = np.array([[3.0], [1.0], [9.0], [9.0]])

    found = factors_from_content(described, factors, np.array([True, True, False, False]))

    assert found[2] == pytest.approx([2.0])
    assert found[3] == pytest.approx([2 + 1 / (1 + cold_start.PENALTY)])
