"""Which products speak for which others, in closed form: EASE."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

MAX_PRODUCTS = 5_000  # bought by most customers: the inverse grows with their cube
RIDGE = 500.0
MAX_WEIGHTS = 200  # weights a product, largest first: the rest is noise and weight to carry


@dataclass(frozen=True)
class ItemItem:
    """`weights[i, j]` is what one log purchase of product i says for product j.

    float32 (products, products), sparse; zero on the diagonal.
    """

    weights: sparse.csr_array

    def scores(self, purchases: sparse.csr_array) -> np.ndarray:
        """float32 (customers, products) from log purchases of the same shape."""
        return (purchases @ self.weights).toarray().astype(np.float32)

    def among(self, products: list[str], wanted: list[str]) -> "ItemItem":
        """The same weights when products are listed as `wanted` instead of `products`."""
        place = {product: position for position, product in enumerate(wanted)}
        new_position = np.array([place.get(product, -1) for product in products])
        old = self.weights.tocoo()
        rows, columns = new_position[old.row], new_position[old.col]
        in_both = (rows >= 0) & (columns >= 0)
        entries = (old.data[in_both], (rows[in_both], columns[in_both]))
        return ItemItem(sparse.coo_array(entries, shape=(len(wanted),) * 2).tocsr())


def fit_item_item(
    purchases: sparse.csr_array,
    ridge: float = RIDGE,
    max_products: int = MAX_PRODUCTS,
    max_weights: int = MAX_WEIGHTS,
) -> ItemItem:
    """The linear model without self-similarity that best predicts a customer's purchases.

    Args:
        purchases: log(1 + purchases), (customers, products).
        ridge: the penalty on squared weights, > 0.
        max_products: products that take part: those with most buyers, ties by position.
        max_weights: weights of a target product, at most: the largest in absolute value.

    Source: Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8.
    """
    chosen = top_products(purchases, max_products)
    among = purchases[:, chosen]
    gram = (among.T @ among).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False, assume_a="pos")
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return ItemItem(_spread(_largest(weights, max_weights), chosen, purchases.shape[1]))


def top_products(purchases: sparse.csr_array, count: int = MAX_PRODUCTS) -> np.ndarray:
    """Sorted positions of the `count` products with most buyers, ties by position."""
    buyers = np.bincount(purchases.indices, minlength=purchases.shape[1])
    return np.sort(np.argsort(-buyers, kind="stable")[:count])


def _largest(weights: np.ndarray, count: int) -> sparse.coo_array:
    """Each column's `count` largest weights in absolute value."""
    count = min(count, len(weights))
    rows = np.argpartition(-np.abs(weights), count - 1, axis=0)[:count]
    values = np.take_along_axis(weights, rows, axis=0)
    columns = np.broadcast_to(np.arange(weights.shape[1]), rows.shape)
    return sparse.coo_array((values.ravel(), (rows.ravel(), columns.ravel())), shape=weights.shape)


def _spread(weights: sparse.coo_array, chosen: np.ndarray, products: int) -> sparse.csr_array:
    """The weights among `chosen` as weights among all products."""
    rows, columns = chosen[weights.row], chosen[weights.col]
    values = weights.data.astype(np.float32)
    return sparse.coo_array((values, (rows, columns)), shape=(products, products)).tocsr()
