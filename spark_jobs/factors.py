"""Learn what customers and products have in common: implicit-feedback ALS."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from ml.errors import ContractError
from spark_jobs.ranking import Products, with_habits

BLOCKS = 2  # of ratings: a sum of two parts does not depend on which part is ready first
POPULARITY_WINDOW = timedelta(days=28)


class TooFewPurchases(ContractError):
    """No product has enough buyers to learn from."""


@dataclass(frozen=True)
class Hyperparameters:
    """Of ALS, with Hu, Koren and Volinsky's symbols, and of the blend that is served.

    `alpha` scales confidence 1 + alpha * log(1 + decayed purchases); `habit_weight` is what
    one unit of that logarithm adds to the served score beside ALS's liking.
    """

    rank: int = 32
    iterations: int = 8
    regularisation: float = 0.05
    alpha: float = 1.0
    seed: int = 7
    minimum_customers: int = 5
    habit_weight: float = 4.0


@dataclass(frozen=True)
class Affinity:
    """Fitted factors. `customers` is what `ranking.with_habits` returns."""

    products: Products
    customers: DataFrame


def learn(purchases: DataFrame, before: date, hyper: Hyperparameters) -> Affinity:
    """Factors from customer_id, product_id, decayed_purchases, last_bought_on.

    Products that fewer than `minimum_customers` bought are left out: their factors would
    be one household's noise.

    Raises:
        TooFewPurchases: no product is left.
    """
    ids = bought_by(purchases, hyper.minimum_customers)
    if not ids:
        raise TooFewPurchases(
            f"no product was bought by {hyper.minimum_customers} customers before {before}; "
            "ALS needs some: land a longer history"
        )
    items = numbered(purchases.sparkSession, ids, "product_id", "item")
    known = purchases.join(f.broadcast(items), "product_id")
    customers = numbered(
        purchases.sparkSession, distinct(known, "customer_id"), "customer_id", "customer"
    )
    habit = f.log1p("decayed_purchases").cast("float").alias("habit")
    pairs = known.join(customers, "customer_id").select(
        "customer_id", "customer", "item", habit, "last_bought_on"
    )
    placed = pairs.repartition(BLOCKS, "customer").sortWithinPartitions("customer", "item").cache()
    model = fit_als(placed, hyper)
    factors = model.userFactors.withColumnRenamed("id", "customer").join(customers, "customer")
    return Affinity(
        _products(ids, model, placed, before),
        with_habits(factors.withColumnRenamed("features", "factors"), placed),
    )


def fit_als(pairs: DataFrame, hyper: Hyperparameters) -> ALSModel:
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
        seed=hyper.seed,
        implicitPrefs=True,
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


def distinct(frame: DataFrame, column: str) -> list[str]:
    """The distinct values of `column`, in their order, on the driver."""
    return sorted(frame.select(column).distinct().toArrow()[column].to_pylist())


def numbered(spark: SparkSession, ids: list[str], column: str, number: str) -> DataFrame:
    """`ids` as `column`, each with its position as the integer that ALS needs."""
    positions = pa.array(range(len(ids)), pa.int32())
    return spark.createDataFrame(pa.table({column: pa.array(ids, pa.string()), number: positions}))


def _products(ids: list[str], model: ALSModel, pairs: DataFrame, before: date) -> Products:
    """Ids, factors and recent buyers on the driver: grows with products, not customers."""
    recent = pairs.where(f.col("last_bought_on") >= before - POPULARITY_WINDOW)
    buyers = recent.groupBy("item").agg(f.count("*").alias("buyers"))
    vectors = model.itemFactors.withColumnRenamed("id", "item")
    rows = vectors.join(buyers, "item", "left").orderBy("item").toArrow()
    factors = np.asarray(rows["features"].combine_chunks().flatten(), np.float32)
    return Products(
        ids,
        factors.reshape(len(rows), -1),
        rows["buyers"].fill_null(0).to_numpy().astype(np.float32),
    )
