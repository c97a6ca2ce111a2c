"""What the platform ranks with, run by Spark on the benchmark's lines."""

import time
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from ml.affinity.measures import PLACES
from ml.settings import settings
from spark_jobs.benchmark.peers import judged
from spark_jobs.benchmark.split import Split, lists
from spark_jobs.factors import BLOCKS, Hyperparameters, fit_als, learn
from spark_jobs.histories import histories, know, purchases
from spark_jobs.propensity import propensities
from spark_jobs.training import fit, window_examples, windows

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


def blended(
    lines: DataFrame, products: pd.DataFrame, before: date, given: Split
) -> dict[str, dict[str, float]]:
    """Measures of the blended ranker, learned from the windows before the date."""
    hyper = Hyperparameters(seed=settings().seed)
    learned = [window_examples(lines, products, start, hyper) for start in windows(before)]
    ranker = fit(learned, settings().seed)
    pairs = histories(lines, before)
    known = know(pairs, learn(purchases(pairs), before, hyper), products)
    found = propensities(known, ranker, PLACES).toPandas()
    new = found[found["new_rank"].notna()]
    return given.measures(
        lists(found, "rank", given.customers, given.products),
        lists(new, "new_rank", given.customers, given.products),
    )


def spark_als(spark: SparkSession, given: Split, hyper: Hyperparameters) -> dict[str, float]:
    """NDCG@10 of Spark's ALS alone on log(1 + lines), and the seconds it took to fit."""
    counts = given.pairs.value_counts(["customer", "product"]).rename("lines").reset_index()
    frame = spark.createDataFrame(counts).select(
        f.col("customer").cast("int"),
        f.col("product").cast("int").alias("item"),
        f.log1p("lines").cast("float").alias("habit"),
    )
    placed = frame.repartition(BLOCKS, "customer").sortWithinPartitions("customer", "item").cache()
    placed.count()
    started = time.perf_counter()
    model = fit_als(placed, hyper)
    customers = _factors(model.userFactors, len(given.customers))
    items = _factors(model.itemFactors, len(given.products))
    seconds = time.perf_counter() - started
    found = judged(given, lambda rows: customers[rows] @ items.T)
    return {
        "ndcg10_repeat": found["repeat"]["ndcg10"],
        "ndcg10_new": found["new"]["ndcg10"],
        "fit_s": seconds,
    }


def _factors(frame: DataFrame, count: int) -> np.ndarray:
    rows = frame.toPandas()
    made = np.zeros((count, len(rows["features"][0])), np.float32)
    made[rows["id"]] = np.stack(rows["features"].to_list())
    return made
