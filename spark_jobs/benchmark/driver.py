"""Make candidates as the daily job does, with executors of their own, and tell the driver's memory.

    python -m spark_jobs.benchmark.driver PURCHASES BEFORE

The last line printed is one JSON object: the most megabytes that Python and the JVM of the driver
held. PURCHASES is a Parquet file that `factors.learn` reads; results go to PROMOLOOP_HOME.
"""

import argparse
import json
import os
import re
import sys
from datetime import date
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession

from ml.affinity.hyperparameters import read_hyperparameters
from ml.contracts.outputs import CANDIDATES, CUSTOMER_FACTORS
from spark_jobs import submit
from spark_jobs.affinity import blended
from spark_jobs.factors import learn
from spark_jobs.tables import write

ITERATIONS = 2  # the driver does the same in each


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("purchases")
    parser.add_argument("before", type=date.fromisoformat)
    args = parser.parse_args()
    with cluster() as spark:
        write_candidates(spark, args.purchases, args.before)
        pid = spark._jvm.java.lang.ProcessHandle.current().pid()  # type: ignore[union-attr]
        held = {"python_mb": held_mb("self"), "jvm_mb": held_mb(pid)}
    print(json.dumps(held))  # noqa: T201  the command's result


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


def write_candidates(spark: SparkSession, path: str, before: date) -> None:
    hyper = read_hyperparameters().model_copy(update={"iterations": ITERATIONS})
    purchases = spark.read.parquet(path)
    affinity = learn(purchases, before, hyper)
    write(CUSTOMER_FACTORS, before, affinity.customers, {})
    targets = purchases.select("customer_id").distinct()
    write(CANDIDATES, before, blended(affinity, targets, hyper), {}, parts=4)


def held_mb(pid: int | str) -> float:
    """The most memory, in megabytes, that a process has held."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) / 1000


if __name__ == "__main__":
    main()
