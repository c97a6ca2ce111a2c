"""Rank products for every customer, a block of customers at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

CELLS = 4_000_000  # customers x products scored at once: 32 MB
MILLION = 1_000_000
NOT_RANKED = -(2**40)
RANKED = "customer_id string, ranking string, product_id string, rank long, score double"


@dataclass(frozen=True)
class Products:
    """What is ranked; row i of `factors` and `popularity` belongs to `ids[i]`.

    `factors` is float32 (products, rank); `popularity` float32 (products,).
    """

    ids: list[str]
    factors: np.ndarray
    popularity: np.ndarray


@dataclass(frozen=True)
class Ranking:
    """Weights of what a score sums: ALS taste, the customer's own habit, popularity."""

    taste: float = 0.0
    habit: float = 0.0
    popularity: float = 0.0
    new_only: bool = False


def habits(pairs: DataFrame) -> DataFrame:
    """One row a customer: customer_id, and items and habits bought, in product order.

    `pairs` holds customer_id, item (position in `Products`) and habit (>= 0).
    """
    bought = f.sort_array(f.collect_list(f.struct("item", "habit")))
    listed = pairs.groupBy("customer_id").agg(bought.alias("bought"))
    return listed.select(
        "customer_id",
        f.col("bought.item").alias("items"),
        f.col("bought.habit").alias("habits"),
    )


def with_habits(factors: DataFrame, pairs: DataFrame) -> DataFrame:
    """One row a customer: customer_id, factors, and their `habits`."""
    return factors.join(habits(pairs), "customer_id").select(
        "customer_id", "factors", "items", "habits"
    )


def rank_products(
    customers: DataFrame,
    products: Products,
    rankings: Mapping[str, Ranking],
    limit: int,
    parts: int = 4,
) -> DataFrame:
    """The best `limit` products of each customer under each ranking, as `RANKED`.

    `customers` is what `with_habits` returns. Equal scores are ordered by product id.
    """
    shared = customers.sparkSession.sparkContext.broadcast(products)

    def rank(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for block in _blocks(batch, len(shared.value.ids)):
                for name, ranking in rankings.items():
                    yield _rank_block(block, shared.value, name, ranking, limit)

    placed = customers.repartition(parts, "customer_id").sortWithinPartitions("customer_id")
    return placed.mapInArrow(rank, RANKED)


def _blocks(batch: pa.RecordBatch, products: int) -> Iterator[pa.RecordBatch]:
    size = max(1, CELLS // products)
    return (batch.slice(start, size) for start in range(0, batch.num_rows, size))


def _rank_block(
    block: pa.RecordBatch, products: Products, name: str, ranking: Ranking, limit: int
) -> pa.RecordBatch:
    best, scores = top(_scores(block, products, ranking), limit)
    customer, place = np.nonzero(scores > NOT_RANKED)
    return pa.RecordBatch.from_arrays(
        [
            block["customer_id"].take(pa.array(customer)),
            pa.array([name] * len(customer), pa.string()),
            pa.array(products.ids).take(pa.array(best[customer, place])),
            pa.array(place + 1, pa.int64()),
            pa.array(scores[customer, place] / MILLION),
        ],
        ["customer_id", "ranking", "product_id", "rank", "score"],
    )


def _scores(block: pa.RecordBatch, products: Products, ranking: Ranking) -> np.ndarray:
    """Int64 (customers, products), in millionths: equal means equal on every machine."""
    taste = np.asarray(block["factors"].flatten(), np.float32).reshape(block.num_rows, -1)
    scores = ranking.taste * (taste @ products.factors.T) + ranking.popularity * products.popularity
    bought = np.asarray(block["items"].flatten())
    row = np.repeat(np.arange(block.num_rows), np.asarray(block["items"].value_lengths()))
    scores[row, bought] += np.float32(ranking.habit) * np.asarray(block["habits"].flatten())
    millionths = np.rint(scores.astype(np.float64) * MILLION).astype(np.int64)
    if ranking.new_only:
        millionths[row, bought] = NOT_RANKED
    return millionths


def top(scores: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of each row's `limit` largest integers, best first, ties leftmost."""
    columns = scores.shape[1]
    limit = min(limit, columns)
    keys = np.arange(columns) - scores * columns  # all different: smallest is best
    chosen = np.argpartition(keys, limit - 1, axis=1)[:, :limit]
    order = np.argsort(np.take_along_axis(keys, chosen, axis=1), axis=1)
    best = np.take_along_axis(chosen, order, axis=1)
    return best, np.take_along_axis(scores, best, axis=1)
