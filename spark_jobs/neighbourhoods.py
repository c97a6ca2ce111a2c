"""Which products the same customers buy, a block of products at a time in the executors."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from scipy import sparse

from ml.affinity.item_item import ItemItem, most_bought
from ml.affinity.neighbours import nearest
from spark_jobs.ranking import CELLS

KEPT = 100  # neighbours of a product
SHRINKAGE = 10.0  # buyers that two products must share for half of their likeness to count
PARTS = 4
EDGES = "item int, neighbour int, alike float"


def similar_products(
    spark: SparkSession,
    purchases: sparse.csr_array,
    measure: Literal["cosine", "pearson"] = "cosine",
) -> ItemItem:
    """How much a purchase of one product speaks for another, by who buys them.

    `purchases` are weights (customers, products). The products with most buyers take part, as
    in `fit_item_item`.
    """
    chosen = most_bought(purchases)
    buyers = sparse.csr_array(purchases[:, chosen].T)
    shared = spark.sparkContext.broadcast(buyers)
    size = max(1, CELLS // len(chosen))

    def edges(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in batch["id"].to_pylist():
                yield _edges(shared.value, slice(start, start + size), measure)

    starts = spark.range(0, len(chosen), size, PARTS)
    found = starts.mapInArrow(edges, EDGES).toArrow()
    item, neighbour, alike = (np.asarray(found[name]) for name in found.column_names)
    shape = (purchases.shape[1],) * 2
    places = (chosen[neighbour], chosen[item])
    return ItemItem(sparse.coo_array((alike, places), shape=shape).tocsr())


def _edges(
    buyers: sparse.csr_array, block: slice, measure: Literal["cosine", "pearson"]
) -> pa.RecordBatch:
    """Each product of the block and its neighbours, positions in `buyers`."""
    itself = np.arange(buyers.shape[0])[block]
    found = nearest(buyers[block], buyers, KEPT, SHRINKAGE, measure, itself).tocoo()
    return pa.RecordBatch.from_arrays(
        [
            pa.array(itself[found.row].astype(np.int32)),
            pa.array(found.col.astype(np.int32)),
            pa.array(found.data.astype(np.float32)),
        ],
        ["item", "neighbour", "alike"],
    )
