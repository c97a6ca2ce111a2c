import numpy as np
import pytest
from scipy import sparse

from ml.affinity import cold
from ml.affinity.cold import NewcomerPrior, factors_from_content

TEA, CUP = [1.0, 0.0], [0.0, 1.0]


def test_a_product_without_buyers_gets_the_factors_of_its_like(monkeypatch):
    monkeypatch.setattr(cold, "PENALTY", 1e-6)
    described = sparse.csr_array([TEA, CUP, TEA, CUP])
    factors = np.array([[3.0, -1.0], [1.0, 2.0], [np.nan] * 2, [np.nan] * 2])

    found = factors_from_content(described, factors, np.array([True, True, False, False]))

    assert found == pytest.approx(np.array([[3, -1], [1, 2], [3, -1], [1, 2]]), abs=1e-4)


def test_a_product_like_none_gets_the_mean_factors_and_few_terms_are_shrunk_towards_them():
    described = sparse.csr_array([TEA, CUP, [0.0, 0.0], TEA])
    factors = np.array([[3.0], [1.0], [9.0], [9.0]])

    found = factors_from_content(described, factors, np.array([True, True, False, False]))

    assert found[2] == pytest.approx([2.0])
    assert found[3] == pytest.approx([2 + 1 / (1 + cold.PENALTY)])


DAYS = sparse.csr_array([[3, 0, 1], [1, 0, 0], [0, 2, 0]])
LATELY = sparse.csr_array([[1, 0, 0], [1, 0, 0], [0, 1, 0]])


@pytest.fixture
def prior():
    return NewcomerPrior.of(DAYS, LATELY, np.array([0, 0, 1]))


def test_who_is_unknown_is_expected_to_buy_what_everybody_buys(prior):
    nothing = sparse.csr_array((1, 3))

    assert prior.scores(nothing, np.array([-1]))[0] == pytest.approx([2 / 3, 1 / 3, 0])


def test_a_segments_rates_are_drawn_towards_everybodys(prior):
    found = prior.scores(sparse.csr_array((2, 3)), np.array([0, 1]))

    share = cold.DRAWN / (cold.DRAWN + 2)
    assert found[0, 0] == pytest.approx(share * 2 / 3 + (1 - share) * 1)
    assert found[1, 0] < 2 / 3 < found[0, 0]


def test_what_was_bought_comes_back_the_surer_the_more_buyers_came_back(prior):
    bought = sparse.csr_array([[1, 0, 0], [2, 0, 0], [0, 0, 1]])

    more = prior.scores(bought, np.array([-1] * 3)) - prior.rates[-1]

    again = np.array([1.5 / 7, 1.5 / 6, 0.5 / 6])  # (repeaters + 0.5) / (buyers + 5)
    assert more[:, [0, 2]].max(axis=1) == pytest.approx(
        [again[0], 2 * again[0], again[2]]
    )
