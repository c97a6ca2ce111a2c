"""How ALS and the candidates job grow with customers, bootstrapped: drawn again, with new ids."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from ml.settings import PROJECT, settings
from spark_jobs.benchmark.ours import arrow, equal_settings, local_session, placed
from spark_jobs.benchmark.peers import Settings, fit_implicit, log_lines
from spark_jobs.benchmark.split import Shop
from spark_jobs.factors import fit_als

log = logging.getLogger(__name__)
Made = TypeVar("Made")

TIMES = (1, 5, 20)  # as many customers, fitted
DRIVERS = (1, 10)  # as many customers, whose candidates are made
FEW = replace(Settings(), als_factors=32, als_iterations=3)


def growth(shop: Shop) -> dict[str, dict]:
    """{"als": {"scale": times, seconds, slopes and the driver's memory}}."""
    fits = {f"{times}x": fit_times(bootstrapped(log_lines(shop.given), times)) for times in TIMES}
    slopes = {name: slope([fit[name] for fit in fits.values()]) for name in fits["1x"]}
    drivers = {f"{times}x": driver_memory(shop, times) for times in DRIVERS}
    return {"als": {"scale": {"fit": fits, "slope": slopes, "driver": drivers}}}


def bootstrapped(purchases: sparse.csr_array, times: int) -> sparse.csr_array:
    """So many times as many customers, drawn with replacement; once: as they are."""
    if times == 1:
        return purchases
    rng = np.random.default_rng(settings().seed)
    return purchases[rng.integers(0, purchases.shape[0], times * purchases.shape[0])]


def fit_times(purchases: sparse.csr_array) -> dict[str, float]:
    """Seconds on the clock and of processors that Spark's ALS and `implicit`'s take to fit.

    `implicit`'s as it comes, by conjugate gradients, and solving exactly, as Spark does.
    """
    with local_session() as spark:
        pairs = placed(spark, purchases)
        _, wall, cpu = timed(lambda: fit_als(pairs, equal_settings(FEW)).itemFactors.count())
    found = {"fit_s": wall, "fit_cpu_s": cpu}
    for name, exact in (("implicit", False), ("implicit_exact", True)):
        _, wall, cpu = timed(partial(fit_implicit, purchases, FEW, exact))
        found |= {f"{name}_fit_s": wall, f"{name}_fit_cpu_s": cpu}
    log.info("%d customers, %d pairs: %s", purchases.shape[0], purchases.nnz, found)
    return found


def timed(work: Callable[[], Made]) -> tuple[Made, float, float]:
    """What is made; seconds on the clock, and of processors in this process and its children."""
    started, used = time.perf_counter(), _used()
    made = work()
    return made, time.perf_counter() - started, _used() - used


def _used() -> float:
    here = psutil.Process()
    every = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return float(sum(times.user + times.system for times in every))


def slope(seconds: list[float]) -> float:
    """Of log seconds over log customers: 1 where time grows as customers do."""
    return float(np.polyfit(np.log(TIMES), np.log(seconds), 1)[0])


def driver_memory(shop: Shop, times: int) -> dict[str, dict[str, float]]:
    """The most megabytes that the driver's two processes held, with executors of their own."""
    with tempfile.TemporaryDirectory() as folder:
        lines, products = Path(folder) / "lines.parquet", Path(folder) / "products.parquet"
        pq.write_table(drawn(shop.lines, times), lines)
        shop.products.to_parquet(products)
        job = [sys.executable, "-m", "spark_jobs.benchmark.driver"]
        told = [*job, str(lines), str(products), shop.before.isoformat()]
        env = os.environ | {"PROMOLOOP_HOME": folder}
        made = subprocess.run(told, env=env, cwd=PROJECT, stdout=subprocess.PIPE, check=True)
    found: dict[str, dict[str, float]] = json.loads(made.stdout.splitlines()[-1])
    log.info("%d times as many customers: the driver held %s", times, found)
    return found


def drawn(lines: pd.DataFrame, times: int) -> pa.Table:
    """The lines of so many times as many customers, drawn with replacement, with new ids."""
    customer, ids = pd.factorize(lines["customer_id"], sort=True)
    order, count = np.argsort(customer, kind="stable"), np.bincount(customer)
    last = np.cumsum(count)
    rng = np.random.default_rng(settings().seed)
    chosen = rng.integers(0, len(ids), times * len(ids)) if times > 1 else np.arange(len(ids))
    sizes = count[chosen]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = order[np.repeat((last - count)[chosen], sizes) + within]
    number = pa.array(np.repeat(np.arange(len(chosen)), sizes)).cast(pa.string())
    return arrow(lines).take(pa.array(rows)).set_column(0, "customer_id", number)
