"""Training examples on disk: complete, in an order that the seed and the step give."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from ml.demand.fitting import examples as module
from ml.demand.fitting.examples import batches, examples, write_examples

ORIGIN, HORIZON, PRODUCTS, SIZE = 12, 2, 20, 8


@pytest.fixture(scope="module")
def panel(shop):
    """Of no two products the first week sold alike: it tells which row is whose."""
    made = shop(products=PRODUCTS, weeks=ORIGIN)
    made.units[:, 0] = 1 + np.arange(PRODUCTS)
    return made


@pytest.fixture
def shards(panel, drafted, tmp_path, monkeypatch):
    """Three files: eight, eight and four products; four may be held in memory."""
    monkeypatch.setattr(module, "SHARD", 8)
    monkeypatch.setattr(module, "BUFFER", 4)
    return write_examples(panel.until(ORIGIN), drafted(panel, HORIZON), tmp_path)


def order(shards, count, seed=7, done=0):
    """Which product each row of the first batches is of."""
    read = islice(batches(shards, SIZE, seed, done).as_numpy_iterator(), count)
    return [(inputs["units"][:, 0] - 1).astype(int).tolist() for inputs, _, _ in read]


def test_what_is_read_is_what_was_written(panel, drafted, shards):
    (whole,) = _whole(panel)
    inputs, target, weight = next(batches(shards, PRODUCTS, seed=7).as_numpy_iterator())

    rows = (inputs["units"][:, 0] - 1).astype(int)
    assert sorted(rows) == list(range(PRODUCTS))
    np.testing.assert_array_equal(inputs["codes"], drafted(panel, 1).codes(panel.products)[rows])
    read = inputs | {"target": target, "weight": weight}
    for name, values in whole.items():
        np.testing.assert_array_equal(read[name], values[rows])


def _whole(panel):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHARD", PRODUCTS)
        yield from examples(panel.until(ORIGIN), HORIZON)


def test_every_pass_has_each_product_once_in_an_order_of_its_own(shards):
    rows = np.array(order(shards, 5)).reshape(2, PRODUCTS)

    assert sorted(rows[0]) == sorted(rows[1]) == list(range(PRODUCTS))
    assert rows[0].tolist() != rows[1].tolist()


def test_the_order_is_the_seeds(shards):
    assert order(shards, 3) == order(shards, 3)
    assert order(shards, 3) != order(shards, 3, seed=8)


@pytest.mark.parametrize("done", [1, 2, 4, 7])
def test_the_order_goes_on_where_a_training_was_stopped(shards, done):
    assert order(shards, 2, done=done) == order(shards, done + 2)[done:]


def test_shards_are_permuted_each_pass_and_rows_within(shards, monkeypatch):
    monkeypatch.setattr(module, "BUFFER", 1)

    passes = np.array(order(shards, 15)).reshape(6, PRODUCTS)

    files = [tuple(dict.fromkeys(rows // SIZE)) for rows in passes]
    assert all(sorted(first) == [0, 1, 2] for first in files)
    assert len(set(files)) > 1
    within = {tuple(rows[rows < SIZE]) for rows in passes}
    assert len(within) == 6


def test_slices_of_products_are_examples_of_the_whole_shop(panel, monkeypatch):
    """Rivals and trends are the whole shop's, whatever the slice."""
    (whole,) = _whole(panel)
    monkeypatch.setattr(module, "SHARD", 8)

    parts = list(examples(panel.until(ORIGIN), HORIZON))

    assert [len(part["units"]) for part in parts] == [8, 8, 4]
    for name, values in whole.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)


def test_a_product_that_was_not_yet_sold_teaches_nothing(panel):
    started = panel.started.copy()
    started[2, :9] = False

    (example,) = examples(replace(panel, started=started).until(ORIGIN), HORIZON)

    assert example["weight"][2, :9].sum() == 0
    assert example["weight"][2, 9:].tolist() == [[1, 1], [1, 0], [0, 0]]
