"""What keeps a ranker from serving: each gate, and the checks that feed them."""

import time

import numpy as np
import pytest
from scipy import sparse

from ml.affinity import checks
from ml.affinity.checks import outside, seconds_per_million, size_mb
from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Similarity
from ml.affinity.ranker import NAMES, Ranker
from ml.affinity.store import Serving
from ml.models import registry

BAD = {  # by gate: a measure just beyond its bound
    "beats_own_history": {"precision_over_habit": 1.01},
    "beats_popularity_on_new": {"new_precision_over_popularity": 1.01},
    "calibrated": {"calibration": 0.79},
    "no_leak": {"leak_largest_move": 1e-6},
    "stays_a_probability": {"extreme_outside": 1},
    "same_data": {"data_changed": 1},
    "size": {"size_mb": 101},
    "latency": {"seconds_per_million": 121},
    "not_worse_than_champion": {"precision_over_champion_high": 0.999},
}
GATES = {gate.name: gate for gate in registry.read_gates("ranker")}
SIGNALS = np.random.default_rng(7).uniform(0, 1, (600, len(NAMES))).astype(np.float32)


@pytest.mark.parametrize("name", GATES)
def test_each_gate_fails_beyond_its_bound_and_without_its_measure(name):
    assert not GATES[name].verdict(BAD[name])[0]
    assert not GATES[name].verdict({})[0]


@pytest.fixture(scope="module")
def learned():
    return Ranker.fit(SIGNALS, SIGNALS[:, 0] < 0.5, np.ones(600), seed=7)


class Says:
    """A ranker that says this of the signals."""

    def __init__(self, predicted):
        self.predicted = predicted

    def predict(self, signals):
        return self.predicted(signals)


def test_absurd_and_unknown_signals_give_probabilities(learned):
    assert outside(learned, SIGNALS) == 0


@pytest.mark.parametrize(
    "predicted",
    [
        lambda signals: signals[:, 3],
        lambda signals: np.where(np.isnan(signals).any(axis=1), np.nan, 0.5),
        lambda signals: np.where((signals > 1e5).all(axis=1), 1.01, 0.5),
    ],
)
def test_what_leaves_0_to_1_is_counted(predicted):
    assert not GATES["stays_a_probability"].verdict(
        {"extreme_outside": outside(Says(predicted), SIGNALS)}
    )[0]


def test_a_slow_ranker_fails(monkeypatch):
    monkeypatch.setattr(checks, "MANY", 100)

    def slow(signals):
        time.sleep(0.02)  # of a hundred rows: 200 s a million
        return np.zeros(len(signals))

    found = {"seconds_per_million": seconds_per_million(Says(slow), SIGNALS)}
    assert not GATES["latency"].verdict(found)[0]


def test_the_size_is_that_of_texts_and_weights(learned):
    weights = sparse.csr_array(sparse.eye(1000, dtype=np.float32, format="csr"))
    made = Serving(learned, learned, ["a"] * 1000, ItemItem(weights), Similarity(), 0.0)
    small = Serving(learned, learned, ["a"], ItemItem(weights[:0]), Similarity(), 0.0)

    texts = len(learned.text) + len(learned.own.text) + len(learned.new.text)
    assert size_mb(small) == pytest.approx(texts / 1e6)
    assert size_mb(made) - size_mb(small) == pytest.approx(1000 * 8 / 1e6)
    huge = ItemItem(sparse.csr_array(np.ones((4000, 4000), np.float32)))
    found = {"size_mb": size_mb(Serving(learned, learned, [], huge, Similarity(), 0.0))}
    assert not GATES["size"].verdict(found)[0]
