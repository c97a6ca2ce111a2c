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

from benchmarks.recommend.ours import arrow, equal_settings, factors, local_session, placed
from benchmarks.recommend.peers import Settings, fit_implicit_as_spark, liking, log_lines, ndcg
from benchmarks.recommend.split import Shop, Split
from ml.settings import PROJECT, settings
from spark_jobs.als.factors import fit_als

log = logging.getLogger(__name__)
Result = TypeVar("Result")

TIMES = (1, 5, 20)  # as many customers, fitted
JUDGED = 5_000  # of the customers drawn, at most, by what they bought later
DRIVERS = (1, 3, 10)  # as many customers, whose candidates are made
FEW = replace(Settings(), als_factors=32, als_iterations=3)


def growth(shop: Shop) -> dict[str, dict]:
    """{"als": {"scale": times, seconds, slopes and the driver's memory}}."""
    fits = {f"{times}x": fitted(shop.given, times) for times in TIMES}
    seconds = [name for name in fits["1x"] if name.endswith("_s")]
    slopes = {name: slope([fit[name] for fit in fits.values()]) for name in seconds}
    drivers = {f"{times}x": driver_memory(shop, times) for times in DRIVERS}
    return {"als": {"scale": {"fit": fits, "slope": slopes, "driver": drivers}}}


def bootstrapped(customers: int, times: int) -> np.ndarray:
    """Positions of so many times as many customers, drawn with replacement; once: as they are."""
    if times == 1:
        return np.arange(customers)
    return np.random.default_rng(settings().seed).integers(0, customers, times * customers)


def fitted(given: Split, times: int) -> dict[str, float]:
    """What Spark's ALS and `implicit`'s take to fit and how they rank, at equal settings.

    Seconds on the clock and of processors; NDCG@10 of the first `JUDGED` of the customers drawn,
    by what was bought later. `implicit`'s as it comes, by conjugate gradients, and solving exactly,
    as Spark does.
    """
    drawn = bootstrapped(len(given.customers), times)
    purchases, judged = log_lines(given)[drawn], given.drawn(drawn[:JUDGED])
    customers, items, measures = _spark_fit(purchases, len(judged.customers))
    measures |= ndcg(judged, lambda rows: customers[rows] @ items.T)
    for name, exact in (("implicit", False), ("implicit_exact", True)):
        model, wall, cpu = timed(partial(fit_implicit_as_spark, purchases, FEW, exact))
        ranks = ndcg(judged, liking(model))
        measures |= {f"{name}_{key}": value for key, value in (ranks | _seconds(wall, cpu)).items()}
    log.info("%d customers, %d pairs: %s", purchases.shape[0], purchases.nnz, measures)
    return measures


def _spark_fit(
    purchases: sparse.csr_array, judged: int
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Factors of the first customers and of all products, and the seconds of the fit."""
    with local_session() as spark:
        pairs = placed(spark, purchases)
        model, wall, cpu = timed(lambda: fit_als(pairs, equal_settings(FEW)))
        customers = factors(model.userFactors, judged)
        return customers, factors(model.itemFactors, purchases.shape[1]), _seconds(wall, cpu)


def _seconds(wall: float, cpu: float) -> dict[str, float]:
    return {"fit_s": wall, "fit_cpu_s": cpu}


def timed(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """What is made; seconds on the clock, and of processors in this process and its children."""
    started, used = time.perf_counter(), _used()
    result = work()
    return result, time.perf_counter() - started, _used() - used


def _used() -> float:
    here = psutil.Process()
    every = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return float(sum(times.user + times.system for times in every))


def slope(seconds: list[float]) -> float:
    """Of log seconds over log customers: 1 where time grows as customers do."""
    return float(np.polyfit(np.log(TIMES), np.log(seconds), 1)[0])


def driver_memory(shop: Shop, times: int) -> dict[str, dict[str, float]]:
    """The most megabytes that the driver's two processes held, with executors of their own.

    However many customers are drawn, products are those that the split has: of what only one
    customer bought, ten of them drawn would make a product with enough buyers.
    """
    lasting = shop.lines[shop.lines["product_id"].isin(shop.given.products)]
    with tempfile.TemporaryDirectory() as folder:
        lines, products = Path(folder) / "lines.parquet", Path(folder) / "products.parquet"
        pq.write_table(drawn(lasting, times), lines)
        shop.products.to_parquet(products)
        job = [sys.executable, "-m", "benchmarks.recommend.driver"]
        command = [*job, str(lines), str(products), shop.before.isoformat()]
        env = os.environ | {"PROMOLOOP_HOME": folder}
        done = subprocess.run(command, env=env, cwd=PROJECT, stdout=subprocess.PIPE, check=True)
    megabytes: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    log.info("%d times as many customers: the driver held %s", times, megabytes)
    return megabytes


def drawn(lines: pd.DataFrame, times: int) -> pa.Table:
    """The lines of so many times as many customers, drawn with replacement, with new ids."""
    customer, ids = pd.factorize(lines["customer_id"], sort=True)
    order, count = np.argsort(customer, kind="stable"), np.bincount(customer)
    last = np.cumsum(count)
    chosen = bootstrapped(len(ids), times)
    sizes = count[chosen]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = order[np.repeat((last - count)[chosen], sizes) + within]
    number = pa.array(np.repeat(np.arange(len(chosen)), sizes)).cast(pa.string())
    return arrow(lines).take(pa.array(rows)).set_column(0, "customer_id", number)
