"""Rank Complete Journey's products for its customers, beside simple recommenders.

    make bench-recommend
    python -m spark_jobs.benchmark [--before 2017-12-04]

Learned from what lies before the date (weeks 1 to 49), judged on the four weeks from it. The
last line printed is one JSON object. It takes about ten minutes on two cores.
"""

import argparse
import json
import logging
import sys
from datetime import date

import pandas as pd
from pyspark.sql import SparkSession

from ml.settings import settings
from spark_jobs.benchmark.journey import read_journey
from spark_jobs.benchmark.ours import arrow, blended, spark_als
from spark_jobs.benchmark.peers import PEERS, Settings, peer_measures
from spark_jobs.benchmark.split import split
from spark_jobs.factors import Hyperparameters

log = logging.getLogger(__name__)

WEEK_50 = date(2017, 12, 4)
DIGITS = 4


def main() -> None:
    """Parse, run, print."""
    made = argparse.ArgumentParser(
        prog="python -m spark_jobs.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--before", type=date.fromisoformat, default=WEEK_50, help="YYYY-MM-DD")
    before = made.parse_args().before
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    report = benchmark(before)
    print(pd.DataFrame(report["peers"]).T.round(DIGITS).to_string())  # noqa: T201
    print(json.dumps(report))  # noqa: T201  the command's result


def benchmark(before: date) -> dict[str, dict]:
    """Ours and the peers: {"repeat", "new", "peers", "als"}."""
    lines, products = read_journey()
    given = split(lines, before)
    log.info("%d customers, %d products", len(given.customers), len(given.products))
    tuned = Settings()
    hyper = Hyperparameters(
        rank=tuned.als_factors, iterations=tuned.als_iterations, seed=settings().seed
    )
    with local_session() as spark:
        als = spark_als(spark, given, hyper)
        log.info("als %s", als)
        ours = blended(spark.createDataFrame(arrow(lines)), products, before, given)
        log.info("ours %s", ours)
    peers = {}
    for name in PEERS:
        peers[name] = rounded(peer_measures(given, name, tuned))
        log.info("%s %s", name, peers[name])
    als["implicit_fit_s"] = peers["implicit_als"]["fit_s"]
    found = {scope: rounded(values) for scope, values in ours.items()}
    return {**found, "peers": peers, "als": rounded(als)}


def local_session() -> SparkSession:
    """Spark on this machine's cores, with the settings that jobs are submitted with."""
    builder = SparkSession.builder.master("local[2]").appName("promoloop-bench-recommend")
    options: dict[str, bool | float | int | str | None] = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.log.level": "ERROR",
        "spark.pyspark.python": sys.executable,
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    return builder.config(map=options).getOrCreate()


def rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}


if __name__ == "__main__":
    main()
