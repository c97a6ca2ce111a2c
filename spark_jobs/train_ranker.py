"""Train the next ranker on the windows before the as-of date, judge it, register it."""

import argparse
import logging
from datetime import date

from pyspark.sql import SparkSession

from ml import lake
from ml.affinity.checks import outside, seconds_per_million, size_mb
from ml.affinity.hyperparameters import read_hyperparameters
from ml.affinity.store import Serving, yardstick
from ml.affinity.tracking import Candidate, register
from ml.contracts.marts import DIM_PRODUCTS
from ml.landed import landed
from ml.settings import settings
from spark_jobs.factors import bought_by
from spark_jobs.histories import customer_lines, histories, item_item
from spark_jobs.leak import largest_move
from spark_jobs.tables import inputs, session
from spark_jobs.training import against, fit, judge, window_examples, windows

log = logging.getLogger(__name__)


def train(spark: SparkSession, as_of: date) -> str:
    """Learn from all windows but the latest, judge on that one, learn from all; the version.

    Raises:
        TooFewPurchases: the history is too short for the windows.
    """
    read = fingerprint(as_of)
    lines = customer_lines(spark, as_of).cache()
    products = lake.read(DIM_PRODUCTS, as_of)
    hyper, seed = read_hyperparameters(), settings().seed
    seen = [window_examples(lines, products, start, hyper) for start in windows(as_of)]
    judged = fit(seen[1:], seed)
    measures = judge(judged, seen[0])
    tags, rival = yardstick(windows(as_of)[0])
    if rival:
        measures |= against(judged, rival, seen[0], seed)
    log.info("judged on the four weeks before %s: %s", as_of, measures)
    pairs = histories(lines, as_of)
    ids = bought_by(pairs, hyper.minimum_customers)
    made = Serving(fit(seen, seed), judged, ids, item_item(pairs, ids))
    measures |= {
        "leak_largest_move": largest_move(lines, products, windows(as_of)[0], hyper, made.ranker),
        "extreme_outside": float(outside(made.ranker, seen[0].signals)),
        "data_changed": float(fingerprint(as_of) != read),
        "size_mb": size_mb(made),
        "seconds_per_million": seconds_per_million(made.ranker, seen[0].signals),
    }
    return register(Candidate(as_of, made, measures, read, tags, seen[0].signals))


def fingerprint(as_of: date) -> dict[str, str]:
    """Content hashes of what a ranker is made of."""
    return inputs(as_of, DIM_PRODUCTS) | landed(as_of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="YYYY-MM-DD")
    as_of = parser.parse_args().as_of
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    with session("promoloop-train-ranker") as spark:
        train(spark, as_of)


if __name__ == "__main__":
    main()
