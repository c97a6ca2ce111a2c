"""What the platform ranks with, run by Spark on the benchmark's lines."""

import logging
import os
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from scipy import sparse

from benchmarks.recommend.peers import Settings, implicit_beside, log_lines, ndcg
from benchmarks.recommend.split import Shop, Split, lists
from benchmarks.recommend.variety import POOL, variety
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.settings import settings
from spark_jobs.als.factors import BLOCKS, fit_als, learn
from spark_jobs.ranker.candidates import propensities
from spark_jobs.ranker.examples import fit, window_examples, windows
from spark_jobs.ranker.histories import PARTS, histories, purchases, take_snapshot

log = logging.getLogger(__name__)

LINES = pa.schema(
    {
        "customer_id": pa.string(),
        "product_id": pa.string(),
        "sold_on": pa.date32(),
        "units": pa.int64(),
        "sales": pa.float64(),
        "is_discounted": pa.bool_(),
    }
)


def arrow(lines: pd.DataFrame) -> pa.Table:
    """Lines as Spark takes them fastest."""
    return pa.Table.from_pandas(lines, LINES, preserve_index=False)


def blended(shop: Shop) -> dict[str, dict]:
    """Measures of the blended ranker, learned from the windows before the date.

    `variety` beside them is what lists more varied would have cost.
    """
    before, given, hyper = shop.before, shop.given, AlsHyperparameters.read()
    with local_session() as spark:
        lines = cached(spark, shop.lines)
        seen = [window_examples(lines, shop.products, day, hyper) for day in windows(before)]
        ranker = fit(seen, settings().seed)
        log.info("ranker learned from %d windows", len(seen))
        pairs = histories(lines, before)
        affinity = learn(purchases(pairs), before, hyper)
        snapshot = take_snapshot(pairs, affinity, shop.products, hyper.comparison)
        ranked = propensities(snapshot, ranker, POOL).toPandas()
    new = ranked[ranked["new_rank"].notna()]
    measures = given.measures(
        lists(ranked, "rank", given.customers, given.products),
        lists(new, "new_rank", given.customers, given.products),
    )
    return measures | {"variety": variety(ranked, snapshot.catalog, given)}


def cached(spark: SparkSession, lines: pd.DataFrame) -> DataFrame:
    """Lines in Spark's memory."""
    return spark.createDataFrame(arrow(lines)).repartition(PARTS, "customer_id").cache()


def als_alone(shop: Shop) -> dict[str, dict]:
    """Spark's ALS alone beside `implicit`'s with the same objective but for the scale of λ.

    Both weigh a pair 1 + alpha * log(1 + lines). Spark multiplies λ by how many pairs a
    customer or product has (Zhou et al., 2008), `implicit` takes it as it is.
    """
    tuned = Settings()
    with local_session() as spark:
        measures = spark_als(spark, shop.given, equal_settings(tuned))
    log.info("Spark's ALS %s", measures)
    peer = implicit_beside(shop.given, tuned)
    log.info("implicit's ALS %s", peer)
    return {"als": measures | {f"implicit_{name}": value for name, value in peer.items()}}


def equal_settings(peers: Settings) -> AlsHyperparameters:
    """The peers' settings of ALS, as ours."""
    same = {
        "rank": peers.als_factors,
        "iterations": peers.als_iterations,
        "regularisation": peers.als_regularisation,
        "alpha": peers.als_alpha,
    }
    return AlsHyperparameters.read().model_copy(update=same)


def spark_als(spark: SparkSession, given: Split, hyper: AlsHyperparameters) -> dict[str, float]:
    """NDCG@10 of Spark's ALS alone on log(1 + lines), and the seconds it took to fit."""
    pairs = placed(spark, log_lines(given))
    started = time.perf_counter()
    customers, items = _fitted(pairs, hyper, given.wanted.shape)
    seconds = time.perf_counter() - started
    return ndcg(given, lambda rows: customers[rows] @ items.T) | {"fit_s": seconds}


def factorised(purchases: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Customers' and products' factors, as the daily job learns them from log purchases."""
    with local_session() as spark:
        pairs = placed(spark, purchases)
        return _fitted(pairs, AlsHyperparameters.read(), purchases.shape)


def placed(spark: SparkSession, purchases: sparse.csr_array) -> DataFrame:
    """Weights (customers, products) as `factors.fit_als` reads them."""
    cells = purchases.tocoo()
    ids = {"customer": cells.row.astype(np.int32), "item": cells.col.astype(np.int32)}
    frame = spark.createDataFrame(pa.table(ids | {"habit": cells.data.astype(np.float32)}))
    placed = frame.repartition(BLOCKS, "customer").sortWithinPartitions("customer", "item").cache()
    placed.count()
    return placed


def _fitted(
    placed: DataFrame, hyper: AlsHyperparameters, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    model = fit_als(placed, hyper)
    return factors(model.userFactors, shape[0]), factors(model.itemFactors, shape[1])


def factors(frame: DataFrame, count: int) -> np.ndarray:
    """float32 (count, rank): those of the first so many customers or products, zero if unknown."""
    rows = frame.where(f.col("id") < count).toPandas()
    matrix = np.zeros((count, len(rows["features"][0])), np.float32)
    matrix[rows["id"]] = np.stack(rows["features"].to_list())
    return matrix


def local_session() -> SparkSession:
    """Spark on this machine's cores, with the settings that jobs are submitted with."""
    os.environ["PYSPARK_PYTHON"] = sys.executable  # without spark-submit nothing else sets it
    builder = SparkSession.builder.master("local[2]").appName("promoloop-bench-recommend")
    options: dict[str, bool | float | int | str | None] = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.log.level": "ERROR",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    return builder.config(map=options).getOrCreate()
