"""Batches of customers: what is read of each, and what was bought after each origin.

Memory holds one shard and a few batches, whatever the number of customers. The order is a
function of the seed and the pass alone, so a training can go on after any pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from ml.propensity.histories import HORIZONS, NUMBERS, Histories
from ml.propensity.hyperparameters import PropensityHyperparameters

Example = dict[str, np.ndarray]

UNSEEN = 10_000.0  # the day of a basket that is not there: after every origin
UNKNOWN = -1.0  # a label that is not to be learnt


@dataclass(frozen=True)
class Span:
    """Origins from the day `since`, of windows that end by the day `until` (both from as-of)."""

    since: int
    until: int


def inputs_of(histories: Histories, shard: pa.Table, chosen: np.ndarray, longest: int) -> Example:
    """What is read of the `chosen` customers (positions in the shard), first basket first.

    `days` (n, longest), `numbers` (n, longest, 5), and of each category `bought` and `discount`
    (n, longest, K).
    """
    customer = shard["customer"].to_numpy()
    starts = np.searchsorted(customer, chosen)
    counts = np.searchsorted(customer, chosen, side="right") - starts
    row = np.repeat(np.arange(len(chosen)), counts)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    taken = shard.take(pa.array(place + np.repeat(starts, counts)))
    days = np.full((len(chosen), longest), UNSEEN, np.float32)
    days[row, place] = taken["day"].to_numpy()
    numbers = np.zeros((len(chosen), longest, len(NUMBERS)), np.float32)
    numbers[row, place] = np.column_stack([taken[name].to_numpy() for name in NUMBERS])
    bags = taken["categories"].combine_chunks()
    sizes = np.asarray(bags.value_lengths())
    cell = (np.repeat(row, sizes), np.repeat(place, sizes), np.asarray(bags.flatten()))
    bought = np.zeros((len(chosen), longest, len(histories.categories)), np.float32)
    discount = np.zeros_like(bought)
    bought[cell] = 1
    discount[cell] = np.asarray(taken["discounts"].combine_chunks().flatten())
    return {"days": days, "numbers": numbers, "bought": bought, "discount": discount}


def at_origins(histories: Histories, customer_inputs: Example, places: np.ndarray) -> Example:
    """`customer_inputs` with the origins at `places` and what the shop did around them."""
    count = len(customer_inputs["days"])
    around = {
        "origins": histories.origins[places].astype(np.float32),
        "usual": histories.usual[places],
        "depth": histories.depth[places],
    }
    return customer_inputs | {
        name: np.repeat(values[None], count, 0) for name, values in around.items()
    }


def labels(
    histories: Histories, customer_inputs: Example, places: np.ndarray, until: int
) -> np.ndarray:
    """(n, origins, K, horizons): 1 where the category was bought in the window after the origin.

    `UNKNOWN` where the window ends after the day `until`, or nothing is known of the customer
    before the origin.
    """
    origins, days = histories.origins[places], customer_inputs["days"]
    was_bought = np.empty(
        (len(days), len(places), len(histories.categories), len(HORIZONS)), np.float32
    )
    for k, horizon in enumerate(HORIZONS):
        inside = (days[:, None] >= origins[:, None]) & (days[:, None] < origins[:, None] + horizon)
        was_bought[..., k] = np.matmul(inside.astype(np.float32), customer_inputs["bought"]) > 0
        was_bought[:, origins + horizon > until, :, k] = UNKNOWN
    was_bought[days[:, :1] >= origins] = UNKNOWN
    return was_bought


def batches(
    histories: Histories, span: Span, chosen: PropensityHyperparameters, seed: int, done: int
) -> tf.data.Dataset:
    """Endless (inputs, labels) of shuffled customers at a few origins each, from pass `done` on."""
    places = histories.between(span.since, span.until)
    count = min(chosen.origins, len(places))

    def generate() -> Iterator[tuple[Example, np.ndarray]]:
        number = done
        while True:
            draw = np.random.default_rng([seed, number])
            for file in draw.permutation(len(histories.files)):
                shard = pq.read_table(histories.files[file])
                for some in _parts(draw.permutation(_customers(shard)), chosen.batch):
                    picked = np.sort(draw.choice(places, count, replace=False))
                    customer_inputs = inputs_of(histories, shard, some, chosen.baskets)
                    yield (
                        at_origins(histories, customer_inputs, picked),
                        labels(histories, customer_inputs, picked, span.until),
                    )
            number += 1

    return _dataset(generate, histories, chosen.baskets, count)


def in_order(
    histories: Histories, span: Span, chosen: PropensityHyperparameters
) -> tf.data.Dataset:
    """One pass of (inputs, labels) over every customer at all origins of the span."""
    places = histories.between(span.since, span.until)

    def generate() -> Iterator[tuple[Example, np.ndarray]]:
        for customer_inputs, _ in customers(histories, chosen):
            yield (
                at_origins(histories, customer_inputs, places),
                labels(histories, customer_inputs, places, span.until),
            )

    dataset = _dataset(generate, histories, chosen.baskets, len(places))
    return dataset.apply(tf.data.experimental.assert_cardinality(steps(histories, chosen.batch)))


def customers(
    histories: Histories, chosen: PropensityHyperparameters
) -> Iterator[tuple[Example, np.ndarray]]:
    """What is read of every customer, in order, and their ids."""
    for file in histories.files:
        shard = pq.read_table(file)
        position = shard["customer"].to_numpy()
        ids = shard["customer_id"].to_numpy()
        for some in _parts(np.arange(_customers(shard)), chosen.batch):
            yield (
                inputs_of(histories, shard, some, chosen.baskets),
                ids[np.searchsorted(position, some)],
            )


def steps(histories: Histories, batch: int) -> int:
    """Batches of one pass."""
    sizes = [_customers(pq.read_table(path, columns=["customer"])) for path in histories.files]
    return sum(-(-size // batch) for size in sizes)


def _customers(shard: pa.Table) -> int:
    return int(shard["customer"][-1].as_py()) + 1


def _parts(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    yield from (order[first : first + size] for first in range(0, len(order), size))


def _dataset(generate: object, histories: Histories, longest: int, count: int) -> tf.data.Dataset:
    width = len(histories.categories)
    shapes = {
        "days": (longest,),
        "numbers": (longest, len(NUMBERS)),
        "bought": (longest, width),
        "discount": (longest, width),
        "origins": (count,),
        "usual": (count, width),
        "depth": (count, width, len(HORIZONS)),
    }
    inputs = {name: tf.TensorSpec((None, *shape), tf.float32) for name, shape in shapes.items()}
    target = tf.TensorSpec((None, count, width, len(HORIZONS)), tf.float32)
    dataset = tf.data.Dataset.from_generator(generate, output_signature=(inputs, target))
    return dataset.prefetch(2)
