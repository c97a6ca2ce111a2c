"""How much each purchase counts when customers, or products by their buyers, are compared."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy import sparse

Weights = Literal["log", "tfidf", "bm25"]

BM25_K1, BM25_B = 1.2, 0.2  # chosen on weeks 46 to 49 of the Complete Journey, of products


def rarity(counts: sparse.csr_array) -> np.ndarray:
    """log(rows / rows that have it) of each column of counts, (columns,).

    The inverse document frequency of Salton and Buckley (1988), "Term-weighting approaches in
    automatic text retrieval"; a customer with purchases is a document too.
    """
    having = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.log(max(counts.shape[0], 1) / np.maximum(having, 1))


@dataclass(frozen=True)
class Weighing:
    """What rows of log purchases are weighed by: who is compared, by what they have.

    `log` leaves them as they are; `tfidf` multiplies them by `rarity`, (columns,). So does `bm25`
    lines instead of their logarithms, where each further one adds less, and less still in a row
    that has more lines than `mean_lines`.

    Source: Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework: BM25 and
    Beyond", eq. 3.15, with this `rarity`.
    """

    weights: Weights
    rarity: np.ndarray
    mean_lines: float

    @classmethod
    def of(cls, among: sparse.csr_array, weights: Weights) -> Self:
        """As rarity and lines are in the rows `among`."""
        lines = np.expm1(among.data).sum() / max(among.shape[0], 1)
        return cls(weights, rarity(among), max(lines, 1e-12))

    def of_rows(self, rows: sparse.csr_array) -> sparse.csr_array:
        """The weights of rows (R, columns) of log(1 + lines)."""
        if self.weights == "log":
            return rows
        amounts = rows if self.weights == "tfidf" else self._saturated(rows)
        return sparse.csr_array(amounts.multiply(self.rarity))

    def _saturated(self, rows: sparse.csr_array) -> sparse.csr_array:
        lines = rows.expm1()
        length = lines.sum(axis=1) / self.mean_lines
        least = BM25_K1 * (1 - BM25_B + BM25_B * np.repeat(length, np.diff(lines.indptr)))
        lines.data *= (BM25_K1 + 1) / (lines.data + least)
        return lines
