"""How good ranked lists are: NDCG, recall, average precision at 10, and coverage."""

import numpy as np
from scipy import sparse

PLACES = 10
DISCOUNTS = 1 / np.log2(np.arange(2, PLACES + 2))


def ranking_measures(lists: np.ndarray, wanted: sparse.csr_array) -> dict[str, float]:
    """Means over the customers who wanted something.

    Args:
        lists: int (customers, 10): product positions, best first; -1 for an empty place.
        wanted: bool (customers, products): what was bought.

    Returns:
        ndcg10 (gains 1 or 0; Järvelin and Kekäläinen, 2002), recall10 (of everything
        wanted), map10 (over min(wanted, 10)) and coverage (share of products in some list).
    """
    counts = np.diff(wanted.indptr)
    judged = counts > 0
    lists, counts = lists[judged], counts[judged]
    hits = _hits(lists, wanted[judged])
    best = np.cumsum(DISCOUNTS)[np.minimum(counts, PLACES) - 1]
    precision = np.cumsum(hits, axis=1) / np.arange(1, PLACES + 1)
    return {
        "ndcg10": float(np.mean(hits @ DISCOUNTS / best)),
        "recall10": float(np.mean(hits.sum(axis=1) / counts)),
        "map10": float(np.mean((precision * hits).sum(axis=1) / np.minimum(counts, PLACES))),
        "coverage": len(np.unique(lists[lists >= 0])) / wanted.shape[1],
    }


def _hits(lists: np.ndarray, wanted: sparse.csr_array) -> np.ndarray:
    """float64 (customers, 10): 1 where the list names something wanted."""
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    is_wanted = np.asarray(wanted[rows, np.maximum(lists, 0).ravel()]).reshape(lists.shape)
    return np.where(lists >= 0, is_wanted, 0).astype(np.float64)
