"""Signals and propensities of every customer's candidates, a block of customers at a time."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from ml.affinity.catalog import Catalog
from ml.affinity.features import OWN, Candidates, Purchases, candidates
from ml.affinity.ranker import LEAST, NAMES, Ranker, negative_sampling_rate
from ml.affinity.reranking import EMPTY, varied
from spark_jobs.als.ranking import CELLS, MILLION, NOT_RANKED
from spark_jobs.ranker.histories import PARTS, Snapshot

CANDIDATES_PER_CUSTOMER = 50  # places of `rank` in a served list
NEW_PLACES = 10
POOLED = 2  # times as many candidates as places are what a varied list is made of
EXAMPLES = "customer_id string, item int, bought boolean, signals array<float>"
SHOWN = {  # column of the candidates contract: the signal it shows
    "taste": "als",
    "item_item": "item_item",
    "item_cosine": "item_cosine",
    "customers_alike": "customers_alike",
    "content": "content",
    "habit": "decayed_112",
    "due": "due",
    "popularity": "popularity_28",
    "category_habit": "habit_category",
    "discounted_share": "own_discounted",
}
PROPENSITIES = (
    "customer_id string, product_id string, rank long, new_rank long, score double, "
    + ", ".join(f"{name} double" for name in SHOWN)
)


def examples(snapshot: Snapshot, wanted: DataFrame, least: float = LEAST) -> DataFrame:
    """What to learn from, as `EXAMPLES`: bought candidates, and a sample of the others.

    `wanted` holds customer_id and `wanted`, the sorted positions of what they bought next.
    """
    shared = snapshot.customers.sparkSession.sparkContext.broadcast(snapshot.catalog)

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for block in _blocks(batches, len(shared.value.ids)):
            yield _examples(block, _candidates(block, shared.value), least)

    return _placed(snapshot.customers.join(wanted, "customer_id")).mapInArrow(make, EXAMPLES)


def propensities(snapshot: Snapshot, ranker: Ranker, limit: int, variety: float = 0.0) -> DataFrame:
    """Each customer's `limit` likeliest products and likeliest new ones, as `PROPENSITIES`.

    `new_rank` is the place among what the customer never bought, null for the others. Equal
    probabilities are ordered by product id. `variety` > 0 has `rank` trade likelihood for it
    (`ml.affinity.reranking.varied`).
    """
    shared = snapshot.customers.sparkSession.sparkContext.broadcast((snapshot.catalog, ranker))

    def rank(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        catalog, model = shared.value
        for block in _blocks(batches, len(catalog.ids)):
            pairs = _candidates(block, catalog)
            scores = model.predict(pairs.matrix(NAMES))
            scores = np.rint(scores * MILLION).astype(np.int64)
            places = _places(pairs.customer, scores)
            if variety:
                places = _varied_places(pairs, places, scores, catalog, variety, limit)
            yield _ranked(block, pairs, catalog, scores, places, limit)

    return _placed(snapshot.customers).mapInArrow(rank, PROPENSITIES)


def _placed(customers: DataFrame) -> DataFrame:
    return customers.repartition(PARTS, "customer_id").sortWithinPartitions("customer_id")


def _blocks(batches: Iterator[pa.RecordBatch], products: int) -> Iterator[pa.RecordBatch]:
    size = max(1, CELLS // products)
    for batch in batches:
        yield from (batch.slice(start, size) for start in range(0, batch.num_rows, size))


def _candidates(block: pa.RecordBatch, catalog: Catalog) -> Candidates:
    tastes = np.asarray(block["factors"].flatten(), np.float32).reshape(block.num_rows, -1)
    return candidates(_purchases(block), tastes, catalog)


def _purchases(block: pa.RecordBatch) -> Purchases:
    entries = block["bought"].flatten()
    lengths = np.asarray(block["bought"].value_lengths())
    return Purchases(
        ids=np.asarray(block["customer_id"]),
        customer=np.repeat(np.arange(block.num_rows), lengths),
        product=np.asarray(entries.field("item")),
        lines=np.asarray(entries.field("lines")),
        own={name: np.asarray(entries.field(name)).astype(np.float32) for name in OWN},
    )


def _examples(block: pa.RecordBatch, pairs: Candidates, least: float) -> pa.RecordBatch:
    bought = np.zeros(len(pairs.product), bool)
    for row, items in enumerate(block["wanted"]):
        own = slice(*np.searchsorted(pairs.customer, [row, row + 1]))
        bought[own] = np.isin(pairs.product[own], np.asarray(items.values))
    seeds = np.array([crc32(name.as_py().encode()) for name in block["customer_id"]], np.uint64)
    draws = (seeds[pairs.customer] + pairs.product.astype(np.uint64) * 2654435761) % MILLION
    matrix = pairs.matrix(NAMES)
    selected = bought | (draws < negative_sampling_rate(matrix, least) * MILLION)
    matrix = matrix[selected]
    return pa.RecordBatch.from_arrays(
        [
            block["customer_id"].take(pa.array(pairs.customer[selected])),
            pa.array(pairs.product[selected].astype(np.int32)),
            pa.array(bought[selected]),
            pa.FixedSizeListArray.from_arrays(matrix.ravel(), len(NAMES)).cast(
                pa.list_(pa.float32())
            ),
        ],
        ["customer_id", "item", "bought", "signals"],
    )


def _ranked(
    block: pa.RecordBatch,
    pairs: Candidates,
    catalog: Catalog,
    scores: np.ndarray,
    everything: np.ndarray,
    limit: int,
) -> pa.RecordBatch:
    """The rows of `PROPENSITIES`; candidates come ordered by customer and product.

    `everything` are their places among all of the customer's.
    """
    new = _places(pairs.customer, np.where(pairs.is_new, scores, NOT_RANKED))
    selected = np.flatnonzero((everything <= limit) | (pairs.is_new & (new <= NEW_PLACES)))
    product = pairs.product[selected]
    shown = [
        pa.array(pairs.signals[name][selected].astype(np.float64), from_pandas=True)
        for name in SHOWN.values()
    ]
    return pa.RecordBatch.from_arrays(
        [
            block["customer_id"].take(pa.array(pairs.customer[selected])),
            pa.array(catalog.ids).take(pa.array(product)),
            pa.array(everything[selected]),
            pa.array(new[selected], mask=~pairs.is_new[selected]),
            pa.array(scores[selected] / MILLION),
            *shown,
        ],
        ["customer_id", "product_id", "rank", "new_rank", "score", *SHOWN],
    )


def _varied_places(
    pairs: Candidates,
    places: np.ndarray,
    scores: np.ndarray,
    catalog: Catalog,
    variety: float,
    limit: int,
) -> np.ndarray:
    """Each candidate's place in its customer's varied list; limit + 1 where it is not in it."""
    pooled = np.flatnonzero(places <= POOLED * limit)
    row, column = pairs.customer[pooled], places[pooled] - 1
    shape = (int(pairs.customer[-1]) + 1, POOLED * limit)
    candidate, likely = np.full(shape, EMPTY), np.zeros(shape)
    candidate[row, column], likely[row, column] = pooled, scores[pooled]
    lists = np.where(candidate == EMPTY, EMPTY, pairs.product[candidate])
    taken = np.take_along_axis(candidate, varied(lists, likely, catalog, variety, limit), axis=1)
    result = np.full(len(places), limit + 1)
    row, column = np.nonzero(taken != EMPTY)
    result[taken[row, column]] = column + 1
    return result


def _places(customer: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """1 for a customer's highest score, 2 for the next; ties in the order given."""
    order = np.lexsort((-scores, customer))
    first = np.searchsorted(customer, customer[order], side="left")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order)) - first + 1
    return places
