"""What lists show beyond hits: how much of the assortment, how unlike, how little known."""

import numpy as np

from ml.affinity.catalog import Catalog
from ml.affinity.reranking import popularity_percentiles


def spread_measures(lists: np.ndarray, catalog: Catalog) -> dict[str, float]:
    """Means over lists of the same length, int (customers, places), positions in the catalog.

    Returns:
        coverage: share of products in some list.
        diversity: 1 less the mean share of the catalog's groups that two products of a list
            have in common (Ziegler et al., 2005, "Improving Recommendation Lists Through Topic
            Diversification").
        novelty: mean of -log2 of the share of customers who bought the product (Vargas and
            Castells, 2011, "Rank and Relevance in Novelty and Diversity Metrics").
        popularity: mean share of products with fewer buyers.
        gini: of how often products are shown: 0, all as often; towards 1, few alone.
    """
    products, places = len(catalog.ids), lists.shape[1]
    shown = np.sort(np.bincount(lists.ravel(), minlength=products))
    weights = 2 * np.arange(1, products + 1) - products - 1
    groups = np.array([codes[lists] for codes in catalog.groups.values()])
    alike = (groups[..., :, None] == groups[..., None, :]).mean(axis=0).sum(axis=(1, 2)) - places
    return {
        "coverage": float((shown > 0).mean()),
        "diversity": float(1 - alike.mean() / (places * (places - 1))),
        "novelty": float(-catalog.features["popularity"][lists].mean() / np.log(2)),
        "popularity": float(popularity_percentiles(catalog)[lists].mean()),
        "gini": float(weights @ shown / (products * shown.sum())),
    }
