"""Products without purchases and customers with few: held out, then ranked or ranked for.

The ridge penalty was chosen on weeks 46 to 49.
"""

import logging
from collections.abc import Callable
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import sparse

from ml.affinity.cold import expected_purchases, factors_from_content
from ml.affinity.content import content
from ml.affinity.measures import ranking_measures
from ml.affinity.neighbours import nearest
from spark_jobs.benchmark.ours import factorised
from spark_jobs.benchmark.peers import BLOCK, best, log_lines
from spark_jobs.benchmark.split import Shop, Split

log = logging.getLogger(__name__)

Scores = Callable[[np.ndarray], np.ndarray]
HELD_PRODUCTS, HELD_CUSTOMERS = 10, 5  # one in so many is held out, by the hash of its id
BASKETS = (0, 1, 3)  # that are known of a customer: the last before the date
NEIGHBOURS = 50


def cold_start(shop: Shop) -> dict[str, dict]:
    """Both, as keys of the report."""
    return {
        "cold_item": cold_items(shop.given, shop.products, factorised),
        "cold_customer": cold_customers(shop.given),
    }


def held_out(ids: list[str], one_in: int) -> np.ndarray:
    """bool: the same ids in every run."""
    return np.array([crc32(name.encode()) % one_in == 0 for name in ids])


def cold_items(
    given: Split,
    products: pd.DataFrame,
    factorise: Callable[[sparse.csr_array], tuple[np.ndarray, np.ndarray]],
) -> dict[str, dict[str, float]]:
    """How high products that nobody is known to have bought are placed for their buyers.

    Their purchases before the date are hidden. `factorise` gives customers' and products'
    factors from log lines (customers, products).
    """
    held = held_out(given.products, HELD_PRODUCTS)
    known = sparse.csr_array(log_lines(given).multiply(~held))
    known.eliminate_zeros()
    attributes = products.set_index("product_id").loc[given.products]
    described = content(attributes)
    tastes, factors = factorise(known)
    foretold = factors_from_content(described, factors, ~held)
    alike = _alike(described, ~held)
    usual = _department_popularity(attributes["department"], known, ~held)
    rankings: dict[str, Scores] = {
        "ours": lambda rows: tastes[rows] @ foretold.T,
        "content_knn": lambda rows: (known[rows] @ alike.T).toarray(),
        "department_popularity": lambda rows: np.tile(usual, (len(rows), 1)),
    }
    found = {name: _placed(given, scores, held) for name, scores in rankings.items()}
    log.info("cold items %s", found)
    return found


def _alike(described: sparse.csr_array, known: np.ndarray) -> sparse.csr_array:
    """Each product's nearest known ones by content, (products, products)."""
    places, width = np.flatnonzero(known), len(known)
    blocks = [
        nearest(described[start : start + BLOCK], described[places], NEIGHBOURS).tocoo()
        for start in range(0, width, BLOCK)
    ]
    row = np.concatenate([block.row + BLOCK * at for at, block in enumerate(blocks)])
    column = places[np.concatenate([block.col for block in blocks])]
    value = np.concatenate([block.data for block in blocks])
    return sparse.coo_array((value, (row, column)), shape=(width, width)).tocsr()


def _department_popularity(
    departments: pd.Series, purchases: sparse.csr_array, known: np.ndarray
) -> np.ndarray:
    """Buyers of each product; of one that is not known, what its department's have on average."""
    buyers = pd.Series(np.bincount(purchases.indices, minlength=len(known)), dtype=float)
    names = departments.fillna("").reset_index(drop=True)
    means = buyers[known].groupby(names[known]).mean()
    return np.where(known, buyers, names.map(means).fillna(0.0))


def _placed(given: Split, scores: Scores, held: np.ndarray) -> dict[str, float]:
    """Of held-out products, for the customers who bought some.

    `percentile` is the mean share of all products placed before one that was bought, equal
    ones half; the others are of lists of held-out products alone.
    """
    wanted = given.wanted[:, np.flatnonzero(held)].tocsr()
    rows = np.flatnonzero(np.diff(wanted.indptr))
    lists, before = [], []
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        made = scores(block)
        lists.append(best(made[:, held]))
        for scored, row in zip(made, block, strict=True):
            bought = scored[held][wanted[[row]].indices]
            above = [(scored > one).mean() + (scored == one).mean() / 2 for one in bought]
            before.append(np.mean(above))
    found = ranking_measures(np.vstack(lists), wanted[rows])
    return {
        "percentile": float(np.mean(before)),
        "ndcg10": found["ndcg10"],
        "recall10": found["recall10"],
    }


def cold_customers(given: Split) -> dict[str, dict[str, float]]:
    """NDCG@10 for customers of whom the last few baskets are all that is known.

    Everything else is learned from the other customers. A basket is what was bought on a day.
    """
    held = held_out(given.customers, HELD_CUSTOMERS)
    days = given.pairs.drop_duplicates(["customer", "product", "age"])
    theirs = held[days["customer"]]
    features, popularity = _usual(days[~theirs], len(given.products), int((~held).sum()))
    visits = days[theirs].assign(
        visit=days[theirs].groupby("customer")["age"].rank("dense").astype(int)
    )
    places, wanted = np.cumsum(held) - 1, given.wanted[np.flatnonzero(held)]
    found = {}
    for baskets in BASKETS:
        own = visits[visits["visit"] <= baskets]
        cells = (np.ones(len(own)), (places[own["customer"]], own["product"]))
        known = sparse.coo_array(cells, shape=wanted.shape).tocsr()
        rankings = {
            "ours": expected_purchases(known, features),
            "own_then_popularity": known.toarray() + popularity / (popularity.max() + 1),
            "popularity": np.tile(popularity, (wanted.shape[0], 1)),
        }
        found[f"baskets_{baskets}"] = {
            name: ranking_measures(best(scores), wanted)["ndcg10"]
            for name, scores in rankings.items()
        }
    log.info("cold customers %s", found)
    return found


def _usual(
    days: pd.DataFrame, products: int, customers: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What `expected_purchases` reads of products, and their buyers in four weeks."""
    pairs = days.groupby(["product", "customer"])["age"].agg(["size", "min"]).reset_index()

    def buyers(chosen: pd.Series) -> np.ndarray:
        return np.bincount(pairs.loc[chosen, "product"], minlength=products).astype(float)

    features = {
        "popularity_28": np.log((buyers(pairs["min"] < 28) + 0.5) / customers),
        "bought_again": (buyers(pairs["size"] > 1) + 0.5) / (buyers(pairs["size"] > 0) + 5),
    }
    return features, buyers(pairs["min"] < 28)
