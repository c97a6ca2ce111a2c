"""Learn what customers and products have in common: implicit-feedback ALS."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from ml.errors import ContractError
from spark_jobs.ranking import Products, with_habits

BLOCKS = 2  # of ratings: a sum of two parts does not depend on which part is ready first
POPULARITY_WINDOW = timedelta(days=28)


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
        ContractError: no product is left.
    """
    known = bought_by_enough(purchases, hyper.minimum_customers).cache()
    if known.isEmpty():
        raise ContractError(
            f"no product was bought by {hyper.minimum_customers} customers before {before}; "
            "ALS needs some: land a longer history"
        )
    items = _numbered(known, "product_id", "item")
    customers = _numbered(known, "customer_id", "customer")
    habit = f.log1p("decayed_purchases").cast("float").alias("habit")
    pairs = known.join(f.broadcast(items), "product_id").join(customers, "customer_id")
    pairs = pairs.select("customer_id", "customer", "item", habit, "last_bought_on").cache()
    model = fit_als(pairs, hyper)
    factors = model.userFactors.withColumnRenamed("id", "customer").join(customers, "customer")
    return Affinity(
        _products(items, model, pairs, before),
        with_habits(factors.withColumnRenamed("features", "factors"), pairs),
    )


def fit_als(pairs: DataFrame, hyper: Hyperparameters) -> ALSModel:
    """Factorise (customer, item, habit): integer ids, habit >= 0 a confidence, not a rating.

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
    ordered = pairs.select("customer", "item", "habit").repartition(BLOCKS, "customer")
    return als.fit(ordered.sortWithinPartitions("customer", "item"))


def bought_by_enough(purchases: DataFrame, customers: int) -> DataFrame:
    buyers = purchases.groupBy("product_id").count().where(f.col("count") >= customers)
    return purchases.join(f.broadcast(buyers.select("product_id")), "product_id")


def _numbered(frame: DataFrame, column: str, number: str) -> DataFrame:
    """The distinct values of `column`, numbered from 0 in their order.

    One task sorts the ids (never the pairs).
    """
    ids = frame.select(column).distinct().repartition(1).sortWithinPartitions(column)
    return ids.withColumn(number, f.monotonically_increasing_id().cast("int")).cache()


def _products(items: DataFrame, model: ALSModel, pairs: DataFrame, before: date) -> Products:
    """Ids, factors and recent buyers on the driver: grows with products, not customers."""
    recent = pairs.where(f.col("last_bought_on") >= before - POPULARITY_WINDOW)
    buyers = recent.groupBy("item").agg(f.count("*").alias("buyers"))
    vectors = model.itemFactors.withColumnRenamed("id", "item")
    rows = items.join(vectors, "item").join(buyers, "item", "left").orderBy("item").toArrow()
    factors = np.asarray(rows["features"].combine_chunks().flatten(), np.float32)
    return Products(
        rows["product_id"].to_pylist(),
        factors.reshape(len(rows), -1),
        rows["buyers"].fill_null(0).to_numpy().astype(np.float32),
    )
