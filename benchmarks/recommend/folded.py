"""What folding customers into a fit of days ago costs, beside a fit of the day."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from benchmarks.recommend.ours import local_session
from benchmarks.recommend.peers import ndcg
from benchmarks.recommend.scale import timed
from benchmarks.recommend.split import Shop, Split, split
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.contracts.dbt_vars import PURCHASE_HALF_LIFE_DAYS
from spark_jobs.als.factors import Affinity, learn
from spark_jobs.als.fold_in import Fitted, fold_in

log = logging.getLogger(__name__)


def folded(shop: Shop) -> dict[str, dict]:
    """{"als": NDCG@10 and seconds of a fit of the day, and of the oldest fit that still serves}."""
    hyper, given, day = AlsHyperparameters.read(), shop.given, shop.before
    earlier = day - timedelta(days=hyper.days_between_fits - 1)
    with local_session() as spark:
        old = learn(_bought(spark, split(shop.lines, earlier), earlier), earlier, hyper).products
        bought, serves = _bought(spark, given, day), Fitted(earlier, "", old.ids, old.factors)
        fitted = measured(given, lambda: learn(bought, day, hyper))
        log.info("fitted on %s: %s", day, fitted)
        served = measured(given, lambda: fold_in(bought, day, serves, hyper))
        log.info("folded into the fit of %s: %s", earlier, served)
    return {"als": {"fitted_today": fitted, "folded_into_oldest": served}}


def purchases(given: Split, before: date) -> pa.Table:
    """What `factors.learn` reads; a customer's id is the place in the split."""
    age = given.pairs["age"]
    weighed = given.pairs.assign(weight=2.0 ** (-age / PURCHASE_HALF_LIFE_DAYS))
    sums = weighed.groupby(["customer", "product"], as_index=False).agg(
        {"weight": "sum", "age": "min"}
    )
    bought_on = pd.Timestamp(before) - pd.to_timedelta(sums["age"] + 1, unit="D")
    return pa.table(
        {
            "customer_id": pa.array(sums["customer"]).cast(pa.string()),
            "product_id": pa.array(given.products).take(pa.array(sums["product"])),
            "decayed_purchases": sums["weight"].to_numpy(),
            "last_bought_on": pa.array(bought_on.dt.date),
        }
    )


def _bought(spark: SparkSession, given: Split, before: date) -> DataFrame:
    frame = spark.createDataFrame(purchases(given, before)).cache()
    frame.count()
    return frame


def measured(given: Split, learned: Callable[[], Affinity]) -> dict[str, float]:
    """ALS alone: NDCG@10 on both lists, and what it takes until every customer has factors.

    Seconds on the clock, and of processors.
    """
    (affinity, rows), wall, cpu = timed(lambda: _factors(learned()))
    products = affinity.products
    customers = np.zeros((len(given.customers), products.factors.shape[1]), np.float32)
    customers[rows["customer_id"].astype(int)] = np.stack(rows["factors"].to_list())
    items = np.zeros((len(given.products), customers.shape[1]), np.float32)
    items[pd.Index(given.products).get_indexer(pd.Index(products.ids))] = products.factors
    measures = ndcg(given, lambda rows: customers[rows] @ items.T)
    return measures | {"fit_s": wall, "fit_cpu_s": cpu}


def _factors(affinity: Affinity) -> tuple[Affinity, pd.DataFrame]:
    return affinity, affinity.customers.select("customer_id", "factors").toPandas()
