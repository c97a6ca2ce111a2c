"""Who, or what, is most alike: neighbourhoods of customers, of products, of contents."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy import sparse

from ml.affinity.weighting import Weighing, Weights

Measure = Literal["cosine", "pearson"]

CUSTOMERS_KEPT = 200  # neighbours of a customer
SHRINKAGE = 20.0  # products that two customers share for half of their likeness to count


@dataclass(frozen=True)
class Similarity:
    """How customers are compared by what they buy, and products by their buyers.

    `likeness` measures both (`nearest`), `product_weights` and `customer_weights` say what a
    purchase counts (`ml.affinity.weighting`).
    """

    likeness: Measure = "cosine"
    product_weights: Weights = "log"
    customer_weights: Weights = "tfidf"


def nearest(
    rows: sparse.csr_array,
    among: sparse.csr_array,
    limit: int,
    shrinkage: float = 0.0,
    measure: Measure = "cosine",
    never: np.ndarray | None = None,
) -> sparse.csr_array:
    """The rows of `among` most alike each of `rows`, and how alike: float (rows, among), > 0.

    Args:
        rows: (R, D), R so small that R * A numbers fit in memory.
        among: (A, D).
        limit: neighbours a row at most.
        shrinkage: columns that two rows share for half of their likeness to count.
        measure: cosine of the angle between rows, or Pearson's correlation of them.
        never: int (R,): where the row itself stands in `among`, which is no neighbour of
            itself; -1: nowhere.

    Sources: Sarwar et al. (2001), "Item-Based Collaborative Filtering Recommendation
    Algorithms"; for shrinkage, Bell and Koren (2007), "Improved Neighborhood-based
    Collaborative Filtering".
    """
    means, norms = zip(*(_moments(each, measure) for each in (rows, among)), strict=True)
    alike = (rows @ among.T).toarray() - rows.shape[1] * np.outer(*means)
    alike /= np.outer(*norms)
    if shrinkage:
        shared = ((rows != 0).astype(np.float32) @ (among != 0).astype(np.float32).T).toarray()
        alike *= shared / (shared + shrinkage)
    if never is not None:
        itself = np.flatnonzero(never >= 0)
        alike[itself, never[itself]] = 0.0
    return _largest(alike, limit)


def _moments(rows: sparse.csr_array, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """What is taken off each row before angles are measured, and its length after that."""
    squares, width = rows.power(2).sum(axis=1), rows.shape[1]
    means = rows.sum(axis=1) / width if measure == "pearson" else np.zeros(rows.shape[0])
    return means, np.sqrt(np.maximum(squares - width * means**2, 1e-12))


def _largest(alike: np.ndarray, limit: int) -> sparse.csr_array:
    limit = min(limit, alike.shape[1])
    columns = np.argpartition(-alike, limit - 1, axis=1)[:, :limit]
    values = np.take_along_axis(alike, columns, axis=1)
    row, place = np.nonzero(values > 0)
    entries = (values[row, place], (row, columns[row, place]))
    return sparse.coo_array(entries, shape=alike.shape).tocsr()


@dataclass(frozen=True)
class Neighbourhood:
    """Customers among whom neighbours are found; row i of the arrays belongs to `ids[i]`.

    `ids` are sorted; `purchases` are log purchases (customers, products); `measure` is how
    likeness is measured (`nearest`).
    """

    ids: np.ndarray
    purchases: sparse.csr_array
    weighing: Weighing
    measure: Measure

    @classmethod
    def of(
        cls, ids: np.ndarray, purchases: sparse.csr_array, comparison: Similarity = Similarity()
    ) -> Self:
        weighing = Weighing.of(purchases, comparison.customer_weights)
        return cls(ids, purchases, weighing, comparison.likeness)

    def scores(self, ids: np.ndarray, purchases: sparse.csr_array) -> np.ndarray:
        """What each customer's neighbours bought, weighed by how alike they are.

        `ids` and log `purchases` are of a block of customers; float32 (customers, products).
        Source: Herlocker et al. (1999), "An Algorithmic Framework for Performing
        Collaborative Filtering", without the means that ratings have.
        """
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        itself = np.where(self.ids[place] == ids, place, -1)
        alike = nearest(
            self.weighing.of_rows(purchases),
            self.weighing.of_rows(self.purchases),
            CUSTOMERS_KEPT,
            SHRINKAGE,
            self.measure,
            never=itself,
        )
        total = np.maximum(alike.sum(axis=1), 1e-12)
        return ((alike @ self.purchases).toarray() / total[:, None]).astype(np.float32)
