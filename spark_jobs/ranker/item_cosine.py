"""Which products the same customers buy, a block of products at a time in the executors."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from scipy import sparse

from ml.affinity.item_item import ItemItem, top_products
from ml.affinity.neighbours import Similarity, nearest
from ml.affinity.weighting import Weighing
from spark_jobs.als.ranking import CELLS

NEIGHBOURS, SHRINKAGE = 100, 10.0
PARTS = 4
EDGES = "item int, neighbour int, alike float"


def similar_products(
    spark: SparkSession,
    purchases: sparse.csr_array,
    comparison: Similarity,
    neighbours: int = NEIGHBOURS,
    shrinkage: float = SHRINKAGE,
) -> ItemItem:
    """How much a purchase of one product speaks for another, by who buys them.

    Args:
        spark: where products are compared.
        purchases: log(1 + lines), (customers, products); the products with most buyers take
            part, as in `fit_item_item`.
        comparison: how products are compared.
        neighbours: products at most that speak for one.
        shrinkage: buyers that two must share for half of their likeness to count.
    """
    chosen = top_products(purchases)
    buyers = sparse.csr_array(purchases[:, chosen].T)
    weighing = Weighing.of(buyers, comparison.product_weights)
    shared = spark.sparkContext.broadcast(weighing.of_rows(buyers))
    size = max(1, CELLS // len(chosen))

    def edges(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in batch["id"].to_pylist():
                block = np.arange(start, min(start + size, len(chosen)))
                alike = nearest(
                    shared.value[block],
                    shared.value,
                    neighbours,
                    shrinkage,
                    comparison.likeness,
                    never=block,
                )
                yield _edges(block, alike.tocoo())

    starts = spark.range(0, len(chosen), size, PARTS)
    table = starts.mapInArrow(edges, EDGES).toArrow()
    item, neighbour, alike = (np.asarray(table[name]) for name in table.column_names)
    shape = (purchases.shape[1],) * 2
    places = (chosen[neighbour], chosen[item])
    return ItemItem(sparse.coo_array((alike, places), shape=shape).tocsr())


def _edges(block: np.ndarray, alike: sparse.coo_array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array(block[alike.row].astype(np.int32)),
            pa.array(alike.col.astype(np.int32)),
            pa.array(alike.data.astype(np.float32)),
        ],
        ["item", "neighbour", "alike"],
    )
