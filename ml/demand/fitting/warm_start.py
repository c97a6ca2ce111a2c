"""Start a training from an earlier model instead of from nothing."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from ml.demand.data.panel import STATIC
from ml.demand.network.structured import StructuredDemand

Weights = Any  # Keras has no type that holds both its own and a backend's


def carry_over(start: StructuredDemand, model: StructuredDemand) -> bool:
    """Give `model` what `start` has learnt; False, and nothing changed, where they differ in shape.

    Effects and embeddings belong to departments, categories, subcategories and products: they go
    to the same name's row. One that `start` did not know keeps its start, for effects no
    deviation from its group. Everything else is copied as it is.
    """
    for each in (model, start):
        if not each.built:
            each.build()
    pairs = list(zip(model.weights, start.weights, strict=False))
    levels = dict(tables(model))
    alike = model.speed == start.speed and len(model.weights) == len(start.weights)
    if not alike or not all(_fit(new, old, by_name=new.path in levels) for new, old in pairs):
        return False
    for new, old in pairs:
        learnt = keras.ops.convert_to_numpy(old)
        level = levels.get(new.path)
        new.assign(learnt if level is None else _rows(model, start, new, learnt, level))
    return True


def tables(model: StructuredDemand) -> Iterator[tuple[str, str]]:
    """Paths of the weights with a row per value of one of `STATIC`, and which."""
    for level, table in zip(STATIC, model.effects.deviations, strict=True):
        yield table.path, level
    for level, embedding in zip(STATIC, model.network.embeddings, strict=False):
        yield embedding.embeddings.path, level


def _fit(new: Weights, old: Weights, by_name: bool) -> bool:
    return bool(tuple(new.shape)[by_name:] == tuple(old.shape)[by_name:])


def _rows(
    model: StructuredDemand, start: StructuredDemand, new: Weights, learnt: np.ndarray, level: str
) -> np.ndarray:
    """The table with a row of `learnt` for each value both know; row 0 is the unknown one."""
    rows = np.array(keras.ops.convert_to_numpy(new))
    start_rows = {value: row for row, value in enumerate(start.vocabulary[level], start=1)}
    for row, value in enumerate(model.vocabulary[level], start=1):
        if value in start_rows:
            rows[row] = learnt[start_rows[value]]
    rows[0] = learnt[0]
    return rows
