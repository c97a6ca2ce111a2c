"""Which products speak for which others, in closed form: EASE."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

MOST_PRODUCTS = 5_000  # bought by most customers: the inverse grows with their cube
RIDGE = 500.0
KEPT = 200  # weights a product, largest first: the rest is noise and weight to carry


@dataclass(frozen=True)
class ItemItem:
    """`weights[i, j]` is what one log purchase of product i says for product j.

    float32 (products, products), sparse; zero on the diagonal.
    """

    weights: sparse.csr_array

    def scores(self, purchases: sparse.csr_array) -> np.ndarray:
        """float32 (customers, products) from log purchases of the same shape."""
        return (purchases @ self.weights).toarray().astype(np.float32)

    def among(self, known: list[str], wanted: list[str]) -> "ItemItem":
        """The same weights when products are listed as `wanted` instead of `known`."""
        place = {product: position for position, product in enumerate(wanted)}
        moved = np.array([place.get(product, -1) for product in known])
        old = self.weights.tocoo()
        rows, columns = moved[old.row], moved[old.col]
        kept = (rows >= 0) & (columns >= 0)
        entries = (old.data[kept], (rows[kept], columns[kept]))
        return ItemItem(sparse.coo_array(entries, shape=(len(wanted),) * 2).tocsr())


def fit_item_item(
    purchases: sparse.csr_array,
    ridge: float = RIDGE,
    most: int = MOST_PRODUCTS,
    kept: int = KEPT,
) -> ItemItem:
    """The linear model without self-similarity that best predicts a customer's purchases.

    Args:
        purchases: log(1 + purchases), (customers, products).
        ridge: the penalty on squared weights, > 0.
        most: products that take part: those with most buyers, ties by position.
        kept: weights kept a target product, the largest in absolute value.

    Source: Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8.
    """
    chosen = most_bought(purchases, most)
    among = purchases[:, chosen]
    gram = (among.T @ among).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False, assume_a="pos")
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return ItemItem(_spread(_largest(weights, kept), chosen, purchases.shape[1]))


def most_bought(purchases: sparse.csr_array, most: int = MOST_PRODUCTS) -> np.ndarray:
    """Sorted positions of the `most` products with most buyers, ties by position."""
    buyers = np.bincount(purchases.indices, minlength=purchases.shape[1])
    return np.sort(np.argsort(-buyers, kind="stable")[:most])


def _largest(weights: np.ndarray, kept: int) -> sparse.coo_array:
    """Each column's `kept` largest weights in absolute value."""
    kept = min(kept, len(weights))
    rows = np.argpartition(-np.abs(weights), kept - 1, axis=0)[:kept]
    values = np.take_along_axis(weights, rows, axis=0)
    columns = np.broadcast_to(np.arange(weights.shape[1]), rows.shape)
    return sparse.coo_array((values.ravel(), (rows.ravel(), columns.ravel())), shape=weights.shape)


def _spread(weights: sparse.coo_array, chosen: np.ndarray, products: int) -> sparse.csr_array:
    """The weights among `chosen` as weights among all products."""
    rows, columns = chosen[weights.row], chosen[weights.col]
    values = weights.data.astype(np.float32)
    return sparse.coo_array((values, (rows, columns)), shape=(products, products)).tocsr()
