"""How well rankings find what customers buy in the four weeks after the training data."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import log2

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.contracts.dbt_vars import PURCHASE_HALF_LIFE_DAYS
from ml.contracts.marts import DIM_PRODUCTS
from ml.contracts.outputs import AFFINITY_QUALITY
from ml.contracts.sources import TRANSACTIONS
from ml.landed_days import landed_days
from spark_jobs.als.factors import Affinity, Purchases, TooFewPurchases, fit, numbered, placed
from spark_jobs.als.ranking import Ranking, rank_products
from spark_jobs.tables import read, schema

log = logging.getLogger(__name__)

HOLDOUT = timedelta(days=28)
PLACES = 10
EXACT = "decimal(18,12)"  # sums of decimals do not depend on their order


def rankings(hyper: AlsHyperparameters) -> dict[str, Ranking]:
    """What is compared, by ranking and scope; the blend is what is served.

    Among new products a customer has no habit, so there the blend is ALS.
    """
    return {
        "als/all": Ranking(taste=1),
        "own_history/all": Ranking(habit=1),
        "popularity/all": Ranking(popularity=1),
        "blend/all": Ranking(taste=1, habit=hyper.habit_weight),
        "als/new": Ranking(taste=1, new_only=True),
        "popularity/new": Ranking(popularity=1, new_only=True),
    }


def evaluate(
    spark: SparkSession, as_of: date, before: date, hyper: AlsHyperparameters
) -> DataFrame:
    """`AFFINITY_QUALITY` rows: train up to `before` - 28 days, test on the days to `before`.

    No rows, and a warning, when there is too little to train on.
    """
    lines = merchandise_lines(spark, as_of, before).cache()
    try:
        seen = window(lines, before - HOLDOUT, hyper.minimum_customers)
    except TooFewPurchases as error:
        log.warning("no quality figures before %s: %s", before, error)
        return spark.createDataFrame([], schema(AFFINITY_QUALITY))
    return judged(seen, hyper).withColumn("evaluated_on", f.lit(before))


@dataclass(frozen=True)
class Window:
    """Purchases before a day; `bought`: customer_id and product_id, in the four weeks from it."""

    purchases: Purchases
    bought: DataFrame


def window(lines: DataFrame, start: date, minimum_customers: int) -> Window:
    """Of lines with customer_id, product_id, sold_on and basket_id.

    Raises:
        TooFewPurchases: no product was bought by so many customers before `start`.
    """
    train = decayed(lines.where(f.col("sold_on") < start), start).cache()
    later = lines.where((f.col("sold_on") >= start) & (f.col("sold_on") < start + HOLDOUT))
    bought = later.select("customer_id", "product_id").distinct()
    return Window(placed(train, start, minimum_customers), bought)


def judged(seen: Window, hyper: AlsHyperparameters) -> DataFrame:
    """What `scored` gives of the rankings with factors fitted before the window."""
    affinity = fit(seen.purchases, hyper)
    ranked = rank_products(affinity.customers, affinity.products, rankings(hyper), PLACES)
    return scored(ranked, relevant(seen.bought, affinity))


def merchandise_lines(spark: SparkSession, as_of: date, before: date) -> DataFrame:
    """(customer_id, product_id, sold_on, basket_id) of identified customers, before `before`."""
    sold = read(spark, TRANSACTIONS, *landed_days(before)).where("customer_id is not null")
    products = read(spark, DIM_PRODUCTS, as_of).where("is_merchandise").select("product_id")
    return sold.select("customer_id", "product_id", "sold_on", "basket_id").join(
        f.broadcast(products), "product_id"
    )


def decayed(lines: DataFrame, before: date) -> DataFrame:
    """Purchases as the mart counts them: each basket weighs 2^(-age / 112 days)."""
    age = f.datediff(f.lit(before), "sold_on")
    baskets = lines.groupBy("customer_id", "product_id", "sold_on").agg(
        f.countDistinct("basket_id").alias("baskets")
    )
    weight = (f.col("baskets") * f.pow(2.0, -age / PURCHASE_HALF_LIFE_DAYS)).cast("decimal(28,10)")
    return baskets.groupBy("customer_id", "product_id").agg(
        f.sum(weight).cast("double").alias("decayed_purchases"),
        f.max("sold_on").alias("last_bought_on"),
    )


def relevant(test: DataFrame, affinity: Affinity) -> DataFrame:
    """Test pairs that could be ranked: (customer_id, product_id, is_new)."""
    ids = numbered(test.sparkSession, affinity.products.ids, "product_id", "item")
    customers = affinity.customers.select("customer_id", "items")
    rankable = test.join(f.broadcast(ids), "product_id").join(customers, "customer_id")
    return rankable.select(
        "customer_id", "product_id", (~f.array_contains("items", f.col("item"))).alias("is_new")
    )


def scored(ranked: DataFrame, bought: DataFrame) -> DataFrame:
    """Mean NDCG@10 and Recall@10 by ranking and scope, over customers who bought in scope.

    `ranked` is `ranking.RANKED` with rankings named "<ranking>/<scope>"; `bought` holds
    customer_id, product_id, is_new. A product is relevant or not: gains are 1 or 0
    (Järvelin and Kekäläinen, 2002).
    """
    hits = ranked.join(bought, ["customer_id", "product_id"], "left")
    is_hit = f.col("is_new").isNotNull().cast("int")
    gains_by_customer = hits.groupBy("customer_id", "ranking").agg(
        f.sum(is_hit).alias("hits"),
        f.sum((is_hit / f.log2(f.col("rank") + 1)).cast(EXACT)).alias("gain"),
    )
    named = gains_by_customer.withColumn("scope", f.split_part("ranking", f.lit("/"), f.lit(2)))
    judged = named.join(_wanted(bought), ["customer_id", "scope"])
    ndcg = f.avg((f.col("gain") / _ideal(f.col("wanted"))).cast(EXACT))
    recall = f.avg((f.col("hits") / f.col("wanted")).cast(EXACT))
    means = judged.groupBy("ranking", "scope").agg(
        ndcg.alias("ndcg_at_10"), recall.alias("recall_at_10"), f.count("*").alias("customers")
    )
    return means.withColumn("ranking", f.split_part("ranking", f.lit("/"), f.lit(1))).unpivot(
        ["ranking", "scope", "customers"], ["ndcg_at_10", "recall_at_10"], "metric", "value"
    )


def _wanted(bought: DataFrame) -> DataFrame:
    """(customer_id, scope, wanted): how many products there were to find, at least 1."""
    counts = bought.groupBy("customer_id").agg(
        f.count("*").alias("all"), f.sum(f.col("is_new").cast("long")).alias("new")
    )
    return counts.unpivot(["customer_id"], ["all", "new"], "scope", "wanted").where("wanted > 0")


def _ideal(wanted: Column) -> Column:
    """The gain of a ranking with everything wanted on top."""
    gains = [1 / log2(place + 1) for place in range(1, PLACES + 1)]
    best = f.array(*[f.lit(gain) for gain in accumulate(gains)])
    return f.element_at(best, f.least(wanted, f.lit(PLACES)).cast("int"))
