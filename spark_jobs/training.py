"""Learn the ranker from past four-week windows, each seen with what was known before it."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from ml.affinity.ranker import Ranker
from spark_jobs.factors import Hyperparameters, numbered
from spark_jobs.histories import Known, know, sampled
from spark_jobs.propensity import NEGATIVES, examples

log = logging.getLogger(__name__)

WINDOW = timedelta(days=28)
WINDOWS = 3  # to learn from, the last one ending at the as-of date


@dataclass(frozen=True)
class Examples:
    """Candidates of past windows: float32 (rows, signals), whether each was bought, its weight."""

    signals: np.ndarray
    bought: np.ndarray
    weights: np.ndarray


def windows(as_of: date, count: int = WINDOWS) -> list[date]:
    """The first days of the `count` four-week windows before `as_of`, latest first."""
    return [as_of - WINDOW * k for k in range(1, count + 1)]


def window_examples(
    lines: DataFrame, products: pd.DataFrame, start: date, hyper: Hyperparameters
) -> Examples:
    """What sampled customers could be shown on `start`, and what they bought in the window.

    Raises:
        TooFewPurchases: nothing was bought by enough customers before `start`.
    """
    known = know(lines, products, start, hyper)
    known = Known(sampled(known.customers), known.catalog)
    made = examples(known, wanted(lines, known, start)).toArrow()
    order = np.lexsort((np.asarray(made["item"]), np.asarray(made["customer_id"].to_pandas())))
    made = made.take(order)
    bought = np.asarray(made["bought"])
    flat = made["signals"].combine_chunks().flatten()
    log.info("window from %s: %d candidates, %d bought", start, len(bought), bought.sum())
    return Examples(
        np.asarray(flat, np.float32).reshape(len(bought), -1),
        bought,
        np.where(bought, 1.0, 1 / NEGATIVES),
    )


def wanted(lines: DataFrame, known: Known, start: date) -> DataFrame:
    """(customer_id, wanted): positions, sorted, of what was bought in the window; perhaps none."""
    ids = known.catalog.ids
    items = f.broadcast(numbered(lines.sparkSession, ids, "product_id", "item"))
    inside = lines.where((f.col("sold_on") >= start) & (f.col("sold_on") < start + WINDOW))
    bought = inside.join(items, "product_id").groupBy("customer_id")
    return bought.agg(f.array_sort(f.collect_set("item")).alias("wanted"))


def fit(learned_from: list[Examples], seed: int) -> Ranker:
    """The ranker that learns from all the windows."""
    return Ranker.fit(
        np.concatenate([one.signals for one in learned_from]),
        np.concatenate([one.bought for one in learned_from]),
        np.concatenate([one.weights for one in learned_from]),
        seed,
    )
