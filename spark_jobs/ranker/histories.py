"""What every customer bought, and each product by its buyers, before a date."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from scipy import sparse

from ml.affinity.catalog import Catalog, group_codes, product_features
from ml.affinity.content import content
from ml.affinity.features import OWN
from ml.affinity.item_item import ItemItem, fit_item_item
from ml.affinity.neighbours import Neighbourhood, Similarity
from ml.contracts.marts import DIM_PRODUCTS
from ml.contracts.sources import TRANSACTIONS
from ml.landed_days import landed_days
from spark_jobs.als.factors import Affinity, numbered
from spark_jobs.ranker.item_cosine import similar_products
from spark_jobs.tables import read

PARTS = 4
ONE = 2**40  # decayed lines are counted in such parts: sums of integers know no order
HALF_LIVES = (14, 42, 112, 280)
SAMPLE = 5_000  # customers that item-item and the ranker learn from: the driver's bound
MILLION = 1_000_000


@dataclass(frozen=True)
class Snapshot:
    """Customers and products as they were before a date.

    `customers` holds customer_id, factors and `bought`: an array, in product order, of
    structs of item (position in the catalog), lines and `OWN`.
    """

    customers: DataFrame
    catalog: Catalog


def take_snapshot(
    pairs: DataFrame,
    affinity: Affinity,
    products: pd.DataFrame,
    comparison: Similarity,
    learned: tuple[list[str], ItemItem] | None = None,
) -> Snapshot:
    """Customers' purchases and the catalog of what they bought.

    Args:
        pairs: what `histories` returns.
        affinity: ALS factors: of these purchases, or of the same date's.
        products: rows of DIM_PRODUCTS.
        comparison: how customers, and products by their buyers, are compared.
        learned: item-item weights of earlier, with their products' ids; None learns some here.
    """
    ids = affinity.products.ids
    placed = _placed(pairs, ids).cache()
    buyers = placed.select("customer_id").distinct().count()
    attributes = products.set_index("product_id").loc[ids]
    sampled_ids, sample = log_lines(placed, len(ids))
    catalog = Catalog(
        ids=ids,
        features=product_features(_sums(placed, len(ids)), buyers),
        groups=group_codes(attributes),
        private_label=attributes["brand"].str.lower().str.startswith("private").to_numpy(bool),
        factors=affinity.products.factors,
        item_item=item_item(pairs, ids) if learned is None else learned[1].among(learned[0], ids),
        item_cosine=similar_products(pairs.sparkSession, sample, comparison),
        neighbourhood=Neighbourhood.of(sampled_ids, sample, comparison),
        content=content(attributes),
    )
    entry = f.struct("item", "lines", *OWN)
    bought = placed.groupBy("customer_id").agg(f.sort_array(f.collect_list(entry)).alias("bought"))
    factors = affinity.customers.select("customer_id", "factors")
    return Snapshot(factors.join(bought, "customer_id"), catalog)


def item_item(pairs: DataFrame, ids: list[str]) -> ItemItem:
    """Weights of products for each other, learned from the sampled customers' `histories`."""
    return fit_item_item(log_lines(_placed(pairs, ids), len(ids))[1])


def _placed(pairs: DataFrame, ids: list[str]) -> DataFrame:
    """The pairs of the products `ids`, with each one's position as `item`."""
    items = f.broadcast(numbered(pairs.sparkSession, ids, "product_id", "item"))
    return pairs.join(items, "product_id")


def customer_lines(spark: SparkSession, as_of: date) -> DataFrame:
    """Identified customers' lines of merchandise landed in the history before `as_of`."""
    sold = read(spark, TRANSACTIONS, *landed_days(as_of)).where("customer_id is not null")
    products = read(spark, DIM_PRODUCTS, as_of).where("is_merchandise").select("product_id")
    discounts = ("shelf_discount", "coupon_discount", "coupon_match_discount")
    return sold.join(f.broadcast(products), "product_id").select(
        "customer_id",
        "product_id",
        "sold_on",
        "basket_id",
        f.col("quantity").alias("units"),
        f.col("net_sales").alias("sales"),
        (reduce(add, map(f.col, discounts)) > 0).alias("is_discounted"),
    )


def purchases(pairs: DataFrame) -> DataFrame:
    """`histories` as `factors.learn` reads it."""
    decayed = f.col("lines_112").alias("decayed_purchases")
    return pairs.select("customer_id", "product_id", decayed, "last_bought_on")


def histories(lines: DataFrame, before: date) -> DataFrame:
    """One row per customer and product bought before the date: `OWN`, and the sums of lines.

    `lines` holds customer_id, product_id, sold_on, units, sales and is_discounted.
    """
    by_day = (
        lines.where(f.col("sold_on") < before)
        .repartition(PARTS, "customer_id")
        .groupBy("customer_id", "product_id", "sold_on")
        .agg(
            f.count("*").alias("lines"),
            f.sum(f.col("is_discounted").cast("int")).alias("discounted"),
            f.sum("units").alias("units"),
            f.sum(f.round(f.col("sales").cast("double") * 100).cast("long")).alias("cents"),
        )
        .withColumn("age", f.datediff(f.lit(before), "sold_on") - 1)
    )
    sums = [f.sum(name).alias(name) for name in ("lines", "discounted", "units", "cents")]
    decayed = [_decayed(f.lit(1), days).alias(f"decayed_{days}") for days in HALF_LIVES]
    return (
        by_day.groupBy("customer_id", "product_id")
        .agg(
            *sums,
            *decayed,
            _decayed(f.col("lines"), 112).alias("lines_112"),
            f.count("*").alias("days"),
            f.min("age").alias("last_age"),
            f.max("age").alias("first_age"),
            f.max("sold_on").alias("last_bought_on"),
        )
        .withColumn("own_discounted", f.col("discounted") / f.col("lines"))
        .cache()
    )


def _decayed(amount: Column, half_life: int) -> Column:
    left = amount * f.pow(2.0, -f.col("age") / half_life)
    return f.sum((left * ONE).cast("long")) / ONE


def _sums(placed: DataFrame, products: int) -> pd.DataFrame:
    """What `product_features` reads, on the driver: grows with products, not customers.

    A product that nobody here bought has no sums: its features are unknown.
    """
    recent = [f.count_if(f.col("last_age") < days).alias(f"buyers_{days}") for days in (7, 28, 84)]
    sums = placed.groupBy("item").agg(
        f.count("*").alias("buyers"),
        *recent,
        f.count_if(f.col("days") > 1).alias("repeaters"),
        f.sum("days").alias("days"),
        f.sum(f.col("first_age") - f.col("last_age")).alias("gap_days"),
        f.min("last_age").alias("last_age"),
        *[f.sum(name).cast("double").alias(name) for name in ("lines", "discounted", "units")],
        (f.sum("cents") / 100).alias("sales"),
    )
    return sums.toPandas().set_index("item").reindex(range(products))


def sampled(frame: DataFrame, count: int = SAMPLE) -> DataFrame:
    """The rows of at most about `count` customers, the same ones every time."""
    share = count / max(frame.select("customer_id").distinct().count(), count)
    return frame.where(f.pmod(f.xxhash64("customer_id"), f.lit(MILLION)) < share * MILLION)


def log_lines(placed: DataFrame, products: int) -> tuple[np.ndarray, sparse.csr_array]:
    """Sampled customers' ids, sorted, and log(1 + lines), float64 (customers, products).

    Both on the driver.
    """
    rows = sampled(placed).select("customer_id", "item", "lines").toPandas()
    customer, ids = pd.factorize(rows["customer_id"], sort=True)
    shape = (len(ids), products)
    values = (np.log1p(rows["lines"].to_numpy(np.float64)), (customer, rows["item"]))
    return np.asarray(ids), sparse.coo_array(values, shape=shape).tocsr()
