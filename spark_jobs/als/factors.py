"""Learn what customers and products have in common: implicit-feedback ALS."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

import numpy as np
import pyarrow as pa
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.errors import ContractError
from ml.settings import settings
from spark_jobs.als.ranking import Products, with_habits

BLOCKS = 2  # of ratings: a sum of two parts does not depend on which part is ready first
CHECKPOINT = 4  # iterations: ten of them in a row overflow an executor's stack
ROW_BITS = 33  # of monotonically_increasing_id: the rest is the partition
POPULARITY_WINDOW = timedelta(days=28)


class TooFewPurchases(ContractError):
    """No product has enough buyers to learn from."""


@dataclass(frozen=True)
class Affinity:
    """Fitted factors. `customers` is what `ranking.with_habits` returns."""

    products: Products
    customers: DataFrame


@dataclass(frozen=True)
class Purchases:
    """What ALS learns from: purchases before a date of the products `ids`, in their order.

    `pairs` holds customer_id, customer (its place among the customers), item (its place in
    `ids`), habit and last_bought_on; `customers` is one row a customer of the first two.
    """

    before: date
    ids: list[str]
    pairs: DataFrame
    customers: DataFrame


def learn(purchases: DataFrame, before: date, hyper: AlsHyperparameters) -> Affinity:
    """Factors from customer_id, product_id, decayed_purchases, last_bought_on.

    Raises:
        TooFewPurchases: no product was bought by `minimum_customers`.
    """
    return fit(placed(purchases, before, hyper.minimum_customers), hyper)


def placed(purchases: DataFrame, before: date, minimum_customers: int) -> Purchases:
    """Purchases as ALS takes them, without the products that fewer customers bought.

    Their factors would be one household's noise.

    Raises:
        TooFewPurchases: no product is left.
    """
    ids = bought_by(purchases, minimum_customers)
    if not ids:
        raise TooFewPurchases(
            f"no product was bought by {minimum_customers} customers before {before}; "
            "ALS needs some: land a longer history"
        )
    indexed = indexed_purchases(purchases, ids)
    customers = places(indexed, "customer_id", "customer")
    pairs = indexed.join(customers, "customer_id")
    ordered = pairs.repartition(BLOCKS, "customer").sortWithinPartitions("customer", "item")
    return Purchases(before, ids, ordered.cache(), customers)


def indexed_purchases(purchases: DataFrame, ids: list[str]) -> DataFrame:
    """(customer_id, item, habit, last_bought_on) of the products `ids`; item is a place there."""
    items = f.broadcast(numbered(purchases.sparkSession, ids, "product_id", "item"))
    habit = f.log1p("decayed_purchases").cast("float").alias("habit")
    return purchases.join(items, "product_id").select(
        "customer_id", "item", habit, "last_bought_on"
    )


def fit(purchases: Purchases, hyper: AlsHyperparameters) -> Affinity:
    """Factors of the customers and the products."""
    model = fit_als(purchases.pairs, hyper)
    factors = model.userFactors.withColumnRenamed("id", "customer")
    named = factors.join(purchases.customers, "customer").withColumnRenamed("features", "factors")
    return Affinity(_products(purchases, model), with_habits(named, purchases.pairs))


def fit_als(pairs: DataFrame, hyper: AlsHyperparameters) -> ALSModel:
    """Factorise (customer, item, habit): integer ids, habit >= 0 a confidence, not a rating.

    The same pairs in the same partitions and order give the same factors.

    Source: Hu, Koren and Volinsky (2008), "Collaborative Filtering for Implicit Feedback
    Datasets".
    """
    als = ALS(
        rank=hyper.rank,
        maxIter=hyper.iterations,
        regParam=hyper.regularisation,
        alpha=hyper.alpha,
        seed=settings().seed,
        implicitPrefs=True,
        checkpointInterval=CHECKPOINT,
        numUserBlocks=BLOCKS,
        numItemBlocks=BLOCKS,
        userCol="customer",
        itemCol="item",
        ratingCol="habit",
    )
    return als.fit(pairs.select("customer", "item", "habit"))


def bought_by(purchases: DataFrame, customers: int) -> list[str]:
    """Ids, in their order, of the products that at least so many customers bought."""
    buyers = purchases.groupBy("product_id").count().where(f.col("count") >= customers)
    return sorted(buyers.select("product_id").toArrow()["product_id"].to_pylist())


def buyers(pairs: DataFrame, before: date) -> DataFrame:
    """(item, buyers) of the four weeks before the date."""
    recent = pairs.where(f.col("last_bought_on") >= before - POPULARITY_WINDOW)
    return recent.groupBy("item").agg(f.count("*").alias("buyers"))


def places(frame: DataFrame, column: str, number: str) -> DataFrame:
    """The distinct values of `column`, each with its place among them, from 0, as `number`.

    The values stay in the executors: the driver sees how many there are in each partition.
    """
    ordered = frame.select(column).distinct().sort(column)
    ordered = ordered.withColumn("row", f.monotonically_increasing_id()).cache()
    part = f.shiftright("row", ROW_BITS)
    counts: dict[int, int] = dict(ordered.groupBy(part).count().collect())
    firsts = accumulate((counts.get(k, 0) for k in range(max(counts, default=0))), initial=0)
    first = f.element_at(f.array(*map(f.lit, firsts)), (part + 1).cast("int"))
    row = f.col("row").bitwiseAND(2**ROW_BITS - 1)
    return ordered.select(column, (first + row).cast("int").alias(number))


def numbered(spark: SparkSession, ids: list[str], column: str, number: str) -> DataFrame:
    """`ids` as `column`, each with its position as the integer that ALS needs."""
    positions = pa.array(range(len(ids)), pa.int32())
    return spark.createDataFrame(pa.table({column: pa.array(ids, pa.string()), number: positions}))


def _products(purchases: Purchases, model: ALSModel) -> Products:
    """Ids, factors and recent buyers on the driver: grows with products, not customers."""
    vectors = model.itemFactors.withColumnRenamed("id", "item")
    recent = buyers(purchases.pairs, purchases.before)
    rows = vectors.join(recent, "item", "left").orderBy("item").toArrow()
    factors = np.asarray(rows["features"].combine_chunks().flatten(), np.float32)
    return Products(
        purchases.ids,
        factors.reshape(len(rows), -1),
        rows["buyers"].fill_null(0).to_numpy().astype(np.float32),
    )
