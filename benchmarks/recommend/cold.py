"""Products without purchases and customers with few: held out, then ranked or ranked for.

The ridge penalty was chosen on weeks 46 to 49.
"""

import logging
from collections.abc import Callable
from datetime import date
from zlib import crc32

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession
from scipy import sparse

from benchmarks.recommend.ours import cached, factorised, local_session
from benchmarks.recommend.peers import BLOCK, best, log_lines
from benchmarks.recommend.split import Shop, Split, lists
from ml.affinity.cold_start import factors_from_content
from ml.affinity.content import content
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.measures import PLACES, ranking_measures
from ml.affinity.neighbours import nearest
from ml.settings import settings
from spark_jobs.als.factors import learn
from spark_jobs.ranker.candidates import propensities
from spark_jobs.ranker.cold_start import for_new_customers
from spark_jobs.ranker.examples import fit, window_examples, windows
from spark_jobs.ranker.histories import Snapshot, histories, purchases, take_snapshot

log = logging.getLogger(__name__)

Scores = Callable[[np.ndarray], np.ndarray]
HELD_PRODUCTS, HELD_CUSTOMERS = 10, 5  # one in so many is held out, by the hash of its id
BASKETS = (0, 1, 3)  # that are known of a customer: the last before the date
NEIGHBOURS = 50


def cold_start(shop: Shop) -> dict[str, dict]:
    """Both, as keys of the report."""
    report = {"cold_item": cold_items(shop.given, shop.products, factorised)}
    with local_session() as spark:
        return report | {"cold_customer": cold_customers(shop, served(spark, shop))}


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
    shown_purchases = sparse.csr_array(log_lines(given).multiply(~held))
    shown_purchases.eliminate_zeros()
    attributes = products.set_index("product_id").loc[given.products]
    described = content(attributes)
    tastes, factors = factorise(shown_purchases)
    foretold = factors_from_content(described, factors, ~held)
    alike = _alike(described, ~held)
    usual = _department_popularity(attributes["department"], shown_purchases, ~held)
    rankings: dict[str, Scores] = {
        "ours": lambda rows: tastes[rows] @ foretold.T,
        "content_knn": lambda rows: (shown_purchases[rows] @ alike.T).toarray(),
        "department_popularity": lambda rows: np.tile(usual, (len(rows), 1)),
    }
    measures = {name: _placed(given, scores, held) for name, scores in rankings.items()}
    log.info("cold items %s", measures)
    return measures


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
        scored_rows = scores(block)
        lists.append(best(scored_rows[:, held]))
        for scored, row in zip(scored_rows, block, strict=True):
            bought = scored[held][wanted[[row]].indices]
            above = [(scored > one).mean() + (scored == one).mean() / 2 for one in bought]
            before.append(np.mean(above))
    measures = ranking_measures(np.vstack(lists), wanted[rows])
    return {
        "percentile": float(np.mean(before)),
        "ndcg10": measures["ndcg10"],
        "recall10": measures["recall10"],
    }


def cold_customers(
    shop: Shop, rank: Callable[[pd.DataFrame, list[str]], np.ndarray]
) -> dict[str, dict[str, float]]:
    """NDCG@10 for customers of whom the last few baskets are all that is known.

    Everything else is learned from the other customers. A basket is what was bought on a day.
    `rank` gives lists of positions (customers, 10) from lines and the customers asked about.
    """
    given = shop.given
    held = held_out(given.customers, HELD_CUSTOMERS)
    ids = [name for name, is_held in zip(given.customers, held, strict=True) if is_held]
    past = shop.lines[shop.lines["sold_on"] < pd.Timestamp(shop.before)]
    theirs, others = _parted(past, ids)
    visit = theirs.groupby("customer_id")["sold_on"].rank("dense", ascending=False)
    wanted = given.wanted[np.flatnonzero(held)]
    popularity = _buyers(others, given.products, shop.before)
    measures = {}
    for baskets in BASKETS:
        own = theirs[visit <= baskets]
        own_then_popular = _days(own, ids, given.products).toarray() + popularity / (
            popularity.max() + 1
        )
        ranked = {
            "ours": rank(pd.concat([others, own]), ids),
            "own_then_popularity": best(own_then_popular),
            "popularity": best(np.tile(popularity, (len(ids), 1))),
        }
        measures[f"baskets_{baskets}"] = {
            name: ranking_measures(ranking, wanted)["ndcg10"] for name, ranking in ranked.items()
        }
    log.info("cold customers %s", measures)
    return measures


def served(spark: SparkSession, shop: Shop) -> Callable[[pd.DataFrame, list[str]], np.ndarray]:
    """Lists as the daily job makes them, by a ranker that learned from customers not held out."""
    hyper, before, products = AlsHyperparameters.read(), shop.before, shop.given.products
    held = held_out(shop.given.customers, HELD_CUSTOMERS)
    ids = [name for name, is_held in zip(shop.given.customers, held, strict=True) if is_held]
    lines = cached(spark, _parted(shop.lines, ids)[1])
    seen = [window_examples(lines, shop.products, day, hyper) for day in windows(before)]
    ranker = fit(seen, settings().seed)

    def rank(lines: pd.DataFrame, asked: list[str]) -> np.ndarray:
        spark.catalog.clearCache()  # what was learned from, and the lists before
        pairs = histories(cached(spark, lines), before)
        affinity = learn(purchases(pairs), before, hyper)
        snapshot = take_snapshot(pairs, affinity, shop.products, hyper.comparison)
        targets = spark.createDataFrame(pa.table({"customer_id": asked}))
        ours = Snapshot(
            snapshot.customers.join(targets, "customer_id", "left_semi"), snapshot.catalog
        )
        new = targets.join(snapshot.customers, "customer_id", "left_anti")
        popular = for_new_customers(new, affinity.products, affinity.customers.count(), PLACES)
        rows = propensities(ours, ranker, PLACES).unionByName(popular).toPandas()
        return lists(rows, "rank", asked, products)

    return rank


def _parted(lines: pd.DataFrame, ids: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    theirs = lines["customer_id"].isin(ids)
    return lines[theirs], lines[~theirs]


def _days(lines: pd.DataFrame, ids: list[str], products: list[str]) -> sparse.csr_array:
    """Days on which each customer bought each product, (customers, products)."""
    days = lines.drop_duplicates(["customer_id", "product_id", "sold_on"])
    customer = pd.Index(ids).get_indexer(pd.Index(days["customer_id"]))
    product = pd.Index(products).get_indexer(pd.Index(days["product_id"]))
    in_both = (customer >= 0) & (product >= 0)
    cells = (np.ones(in_both.sum()), (customer[in_both], product[in_both]))
    return sparse.coo_array(cells, shape=(len(ids), len(products))).tocsr()


def _buyers(lines: pd.DataFrame, products: list[str], before: date) -> np.ndarray:
    """How many customers bought each product in the four weeks before the date."""
    recent = lines[lines["sold_on"] >= pd.Timestamp(before) - pd.Timedelta(weeks=4)]
    pairs = recent.drop_duplicates(["customer_id", "product_id"])
    return pairs["product_id"].value_counts().reindex(products).fillna(0.0).to_numpy(float)
