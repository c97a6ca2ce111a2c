"""Trade a stated amount of accuracy for variety: lists less alike, and less of what all buy."""

from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field
from scipy import sparse
from scipy.stats import rankdata

from ml.affinity.catalog import Catalog
from ml.affinity.measures import PLACES, ranking_measures
from ml.models.hyperparameters import Hyperparameters

VARIETIES = (0.0, 0.05, 0.1, 0.2, 0.3)  # tried
EMPTY = -1
LAST = -1e9


class ListHyperparameters(Hyperparameters):
    """How lists are made: `give_up` is the share of NDCG@10 that they may lose for variety."""

    path_setting: ClassVar[str] = "lists_path"

    give_up: float = Field(ge=0, lt=1)


def chosen(shares: dict[float, float], give_up: float) -> float:
    """The largest variety whose lists lose at most `give_up`; none where nothing may be lost.

    `shares` is by variety, from `ndcg_ratio_by_variety`. A `give_up` of 0 always gives variety 0.
    """
    return max(v for v, share in shares.items() if v == 0 or (give_up and share >= 1 - give_up))


def ndcg_ratio_by_variety(
    rows: pd.DataFrame,
    customers: list[str],
    wanted: sparse.csr_array,
    catalog: Catalog,
    places: int,
) -> dict[float, float]:
    """By variety, NDCG@10 of varied lists over that of lists by score alone.

    Args:
        rows: customer_id, product_id, rank from 1 on, and score.
        customers: to judge; row i of `wanted` is what customers[i] bought, bool.
        wanted: (customers, products).
        catalog: of the products.
        places: that lists are made of.
    """
    lists, scores = pooled(rows, customers, catalog, places)
    by_variety = {v: best(lists, scores, catalog, v) for v in VARIETIES}
    ndcg = {v: ranking_measures(reranked, wanted)["ndcg10"] for v, reranked in by_variety.items()}
    return {v: value / ndcg[0.0] for v, value in ndcg.items()}


def pooled(
    rows: pd.DataFrame, customers: list[str], catalog: Catalog, places: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lists and scores (customers, places), as `varied` reads them, of rows as above."""
    pool = rows[rows["rank"] <= places]
    row = pd.Index(customers).get_indexer(pd.Index(pool["customer_id"]))
    place = pool["rank"].to_numpy(int) - 1
    lists = np.full((len(customers), places), EMPTY)
    scores = np.zeros(lists.shape)
    lists[row, place] = pd.Index(catalog.ids).get_indexer(pd.Index(pool["product_id"]))
    scores[row, place] = pool["score"]
    return lists, scores


def best(lists: np.ndarray, scores: np.ndarray, catalog: Catalog, variety: float) -> np.ndarray:
    """The first ten products of the varied lists: int (customers, PLACES)."""
    return np.take_along_axis(lists, varied(lists, scores, catalog, variety, PLACES), axis=1)


def varied(
    lists: np.ndarray, scores: np.ndarray, catalog: Catalog, variety: float, limit: int
) -> np.ndarray:
    """Lists made anew, one product after the other, as columns of `lists`.

    Each has the largest (1 - variety) * relevance - variety * (likeness + popularity) / 2 of
    those left. Relevance is its score over its list's highest; likeness, the largest share of
    the catalog's groups that it has in common with one product taken before; popularity, the
    share of products with fewer buyers.

    Args:
        lists: int (customers, M): positions in the catalog, best first; -1 where there is none.
        scores: (customers, M), falling along a list, the first > 0.
        catalog: of the products.
        variety: from 0, the order given, to 1.
        limit: places of the lists made.

    Returns:
        int (customers, min(limit, M)): columns of `lists`, best first; places that are empty
        there come last.

    Sources: Carbonell and Goldstein (1998), "The Use of MMR, Diversity-Based Reranking for
    Reordering Documents and Producing Summaries"; for popularity, Adomavicius and Kwon (2012),
    "Improving Aggregate Recommendation Diversity Using Ranking-Based Techniques".
    """
    rows = np.arange(len(lists))
    groups = np.array([codes[lists] for codes in catalog.groups.values()])
    gain = (1 - variety) * scores / np.maximum(scores[:, :1], 1e-12)
    gain = gain - variety / 2 * popularity_percentiles(catalog)[lists]
    gain[lists == EMPTY] = LAST
    likeness = np.zeros(lists.shape)
    reranked = np.empty((len(lists), min(limit, lists.shape[1])), int)
    for place in range(reranked.shape[1]):
        taken = np.argmax(gain - variety / 2 * likeness, axis=1)
        reranked[:, place] = taken
        gain[rows, taken] = -np.inf
        shared = (groups == groups[:, rows, taken][:, :, None]).mean(axis=0)
        likeness = np.maximum(likeness, shared)
    return reranked


def popularity_percentiles(catalog: Catalog) -> np.ndarray:
    """The share of products with fewer buyers than each, 0 to 1, (products,)."""
    popularity = np.nan_to_num(catalog.features["popularity"], nan=-np.inf)
    return (rankdata(popularity, "min") - 1) / len(popularity)
