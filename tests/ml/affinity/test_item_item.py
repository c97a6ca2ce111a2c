import numpy as np
import pytest
from scipy import sparse

from ml.affinity.item_item import fit_item_item

BASKETS = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1.0]])


def ridge_without_itself(baskets, product, ridge):
    """The definition: least squares of one product on the others, penalised."""
    others = np.delete(np.arange(baskets.shape[1]), product)
    x = baskets[:, others]
    solved = np.linalg.solve(x.T @ x + ridge * np.eye(len(others)), x.T @ baskets[:, product])
    return others, solved


@pytest.mark.parametrize("product", range(4))
def test_each_column_is_the_ridge_regression_on_the_other_products(product):
    model = fit_item_item(sparse.csr_array(BASKETS), ridge=2.0)

    weights = model.weights.toarray()[:, product]

    others, expected = ridge_without_itself(BASKETS, product, 2.0)
    assert weights[others] == pytest.approx(expected, abs=1e-6)
    assert weights[product] == 0


def test_only_products_with_most_buyers_and_their_largest_weights_are_kept():
    model = fit_item_item(sparse.csr_array(BASKETS[:, [3, 0, 1, 2]]), max_products=3, max_weights=1)

    weights = model.weights.toarray()

    assert (np.abs(weights) > 0).sum(axis=0).tolist() == [1, 1, 1, 0]


def test_weights_follow_their_products_into_another_list():
    model = fit_item_item(sparse.csr_array(BASKETS), ridge=2.0)

    moved = model.among(["a", "b", "c", "d"], ["d", "x", "a"]).weights.toarray()

    assert moved[2, 0] == model.weights.toarray()[0, 3]
    assert moved[1].tolist() == [0, 0, 0]
