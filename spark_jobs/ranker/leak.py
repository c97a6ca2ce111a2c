"""Whether a propensity could depend on what was sold on its day or later."""

from datetime import date

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.ranker import Ranker
from spark_jobs.als.factors import learn
from spark_jobs.ranker.candidates import propensities
from spark_jobs.ranker.histories import histories, purchases, sampled, take_snapshot

CUSTOMERS = 200  # looked at, about
LIMIT = 50  # of their products each
PAIR = ["customer_id", "product_id"]


def largest_score_change(
    lines: DataFrame,
    products: pd.DataFrame,
    start: date,
    hyper: AlsHyperparameters,
    ranker: Ranker,
) -> float:
    """How far any propensity as of `start` changes when the lines from then on are others.

    Of some customers everything, factors included, is computed twice: from the lines as they are,
    and with those from `start` on replaced by all earlier lines sold once more on that day.
    Anything but 0 is a leak.
    """
    few = sampled(lines, CUSTOMERS).cache()
    past = few.where(f.col("sold_on") < start)
    changed = past.union(past.withColumn("sold_on", f.lit(start)))
    quick = hyper.model_copy(update={"iterations": 1})
    before, after = (_scores(some, products, start, quick, ranker) for some in (few, changed))
    both = before.merge(after, "outer", on=PAIR, suffixes=("", "_changed")).fillna(0.0)
    return float((both["score"] - both["score_changed"]).abs().max())


def _scores(
    lines: DataFrame,
    products: pd.DataFrame,
    start: date,
    hyper: AlsHyperparameters,
    ranker: Ranker,
) -> pd.DataFrame:
    """customer_id, product_id and score of the likeliest products."""
    pairs = histories(lines, start)
    affinity = learn(purchases(pairs), start, hyper)
    snapshot = take_snapshot(pairs, affinity, products, hyper.comparison)
    return propensities(snapshot, ranker, LIMIT).select(*PAIR, "score").toPandas()
