"""Training examples, one a product: Parquet shards on disk, read back as seeded batches.

They are made from a slice of the panel's products at a time. Reading holds `BUFFER` rows and a
few batches in memory, whatever the number of products: every pass takes the shards in another
order, each shard's rows in another order, and mixes what `BUFFER` holds. The order is a
function of the seed and the batch's number alone, so a training can go on in the middle.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from ml.demand.data.covariates import covariates, window
from ml.demand.data.panel import Panel
from ml.demand.network.structured import ALIVE, StructuredDemand

Example = dict[str, np.ndarray]

FIRST_ORIGIN = 3  # weeks of history below which no training forecast is made
SHARD = 512  # products
BUFFER = 4 * SHARD
TARGETS = ("target", "weight")
PASSES = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Shards:
    """Files of examples in the order of the products; `shapes` are those of one product."""

    files: list[Path]
    products: int
    shapes: dict[str, tuple[int, ...]]
    types: dict[str, np.dtype]


def examples(seen: Panel, horizon: int) -> Iterator[Example]:
    """Inputs of at most `SHARD` products at a time, and what is to be forecast from each week.

    `target` (n, origin, horizon, 1) holds units, estimated where the product ran out; `weight`
    (n, origin, horizon) is 0 where they are not known and where they are not to be learnt, else the
    chance that the product was still on sale: what is learnt is how it sells while it is.
    """
    origin = len(seen.weeks)
    known = covariates(seen)
    target = np.arange(origin)[:, None] + np.arange(1, horizon + 1)
    usable = (target < origin) & (np.arange(origin) >= FIRST_ORIGIN)[:, None]
    for first in range(0, len(seen.products), SHARD):
        rows = slice(first, first + SHARD)
        part = seen.rows(rows)
        inputs = window(part, {name: v[rows] for name, v in known.items()}, origin, horizon)
        units = part.unconstrained[:, np.minimum(target, origin - 1), None]
        on_sale = np.exp(inputs["history"][..., ALIVE, None])
        weight = (usable[None] & part.started[:, :, None]) * on_sale
        yield inputs | {"target": units.astype("float32"), "weight": weight.astype("float32")}


def write_examples(seen: Panel, model: StructuredDemand, folder: Path) -> Shards:
    """Write the examples of the weeks seen, with the model's codes, as shards."""
    files: list[Path] = []
    codes = model.codes(seen.products)
    for number, example in enumerate(examples(seen, model.horizon)):
        values = example | {"codes": codes[number * SHARD : (number + 1) * SHARD]}
        table = pa.table({name: _lists(array) for name, array in values.items()})
        files.append(folder / f"{number:06d}.parquet")
        pq.write_table(table, files[-1], compression="none", use_dictionary=False)
    shapes = {name: array.shape[1:] for name, array in values.items()}
    types = {name: array.dtype for name, array in values.items()}
    return Shards(files, len(codes), shapes, types)


def batches(shards: Shards, size: int, seed: int, done: int = 0) -> tf.data.Dataset:
    """Endless (inputs, target, weight) of `size` products, from batch number `done` on."""
    size = min(size, shards.products)
    first, ahead = divmod(done * size, shards.products)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        order = tf.numpy_function(
            lambda n: _permuted(len(shards.files), seed, n), [number], tf.int64
        )
        rows = tf.data.Dataset.from_tensor_slices(order).flat_map(
            lambda shard: _rows(shards, shard, number, seed)
        )
        return rows.shuffle(BUFFER, seed=number + seed, reshuffle_each_iteration=False)

    return (
        tf.data.Dataset.range(first, PASSES)
        .flat_map(one_pass)
        .skip(ahead)
        .batch(size, drop_remainder=True)
        .map(_parted)
        .prefetch(2)
        .with_options(options)
    )


def _parted(example: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
    inputs = {name: values for name, values in example.items() if name not in TARGETS}
    return inputs, example["target"], example["weight"]


def _rows(shards: Shards, shard: tf.Tensor, number: tf.Tensor, seed: int) -> tf.data.Dataset:
    """The rows of one shard, in the order of pass `number`."""
    types = [tf.as_dtype(kind) for kind in shards.types.values()]

    def read(shard: np.int64, number: np.int64) -> list[np.ndarray]:
        table = pq.read_table(shards.files[shard])
        order = _permuted(len(table), seed, number, shard)
        return [_array(table.column(name), shape)[order] for name, shape in shards.shapes.items()]

    arrays = tf.numpy_function(read, [shard, number], types)
    shaped = zip(shards.shapes.items(), arrays, strict=True)
    return tf.data.Dataset.from_tensor_slices(
        {name: tf.ensure_shape(array, (None, *shape)) for (name, shape), array in shaped}
    )


def _permuted(count: int, *seeds: int | np.int64) -> np.ndarray:
    return np.random.default_rng([int(seed) for seed in seeds]).permutation(count)


def _lists(array: np.ndarray) -> pa.FixedSizeListArray:
    """One list a product of all its numbers."""
    return pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), prod(array.shape[1:]))


def _array(column: pa.ChunkedArray, shape: tuple[int, ...]) -> np.ndarray:
    return column.combine_chunks().flatten().to_numpy().reshape(-1, *shape)
