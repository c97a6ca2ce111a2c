"""Do what the candidate jobs do, with executors of their own, and report the driver's memory.

    python -m benchmarks.recommend.driver LINES PRODUCTS BEFORE

Candidates before there is a ranker, the ranker's training, and its candidates, one after the
other. The last line printed is one JSON object: the most megabytes that Python and the JVM of
the driver had held by the end of each. LINES and PRODUCTS are Parquet files, in the columns of
`histories.histories` and DIM_PRODUCTS; results go to PROMOLOOP_HOME.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pyspark
from pyspark.sql import DataFrame, SparkSession

from ml import commands
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.contracts.outputs import CANDIDATES, CUSTOMER_FACTORS
from spark_jobs import submit
from spark_jobs.affinity import CANDIDATES_PER_CUSTOMER, blended
from spark_jobs.als.factors import learn
from spark_jobs.ranker.candidates import propensities
from spark_jobs.ranker.examples import fit, window_examples, windows
from spark_jobs.ranker.histories import PARTS, histories, purchases, take_snapshot
from spark_jobs.tables import write

ITERATIONS = 2  # the driver does the same in each


def main() -> None:
    """Parse, run, print."""
    parser = commands.parser(main.__doc__)
    parser.add_argument("lines")
    parser.add_argument("products", type=pd.read_parquet)
    parser.add_argument("before", type=date.fromisoformat)
    args = parser.parse_args()
    with cluster() as spark:
        lines = spark.read.parquet(args.lines)
        held = dict(stages(spark, lines, args.products, args.before))
    print(json.dumps(held))  # noqa: T201  the command's result


def stages(
    spark: SparkSession, lines: DataFrame, products: pd.DataFrame, before: date
) -> Iterator[tuple[str, dict[str, float]]]:
    """Each job's name and what the driver has held once it is done."""
    hyper = AlsHyperparameters.read().model_copy(update={"iterations": ITERATIONS})
    pairs = histories(lines, before)
    affinity = learn(purchases(pairs), before, hyper)
    write(CUSTOMER_FACTORS, before, affinity.customers, {})
    targets = affinity.customers.select("customer_id")
    write(CANDIDATES, before, blended(affinity, targets, hyper), {}, PARTS)
    yield "candidates", held(spark)
    ranker = fit([window_examples(lines, products, day, hyper) for day in windows(before)], 0)
    yield "train_ranker", held(spark)
    snapshot = take_snapshot(pairs, affinity, products, hyper.comparison)
    ranked = propensities(snapshot, ranker, CANDIDATES_PER_CUSTOMER)
    write(CANDIDATES, before, ranked, {}, PARTS)
    yield "ranked_candidates", held(spark)


def cluster() -> SparkSession:
    """A driver and one executor, each a process, with the settings that jobs are submitted with."""
    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local-cluster[1,2,3072]")
    options: dict[str, bool | float | int | str | None] = {
        **submit.CONF,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": submit.DRIVER_MEMORY,
        "spark.executor.memory": submit.EXECUTOR_MEMORY,
        "spark.sql.session.timeZone": "UTC",
    }
    return builder.config(map=options).getOrCreate()


def held(spark: SparkSession) -> dict[str, float]:
    """The most megabytes that the driver's two processes have held."""
    pid = spark._jvm.java.lang.ProcessHandle.current().pid()  # type: ignore[union-attr]
    return {"python_mb": held_mb("self"), "jvm_mb": held_mb(pid)}


def held_mb(pid: int | str) -> float:
    """The most memory, in megabytes, that a process has held."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) / 1000


if __name__ == "__main__":
    main()
