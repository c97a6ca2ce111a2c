"""The ranker in the registry, on MLflow's own SQL store."""

from datetime import date

import mlflow
import numpy as np
import pytest
from scipy import sparse

from ml import lake, model_review, registry
from ml.affinity import store
from ml.affinity.item_item import ItemItem
from ml.affinity.ranker import NAMES, Ranker
from ml.errors import GateError
from ml.review import Review
from ml.settings import Settings, settings

MONDAY = date(2017, 12, 4)
PASSES = {"precision_over_habit": 1.1, "new_precision_over_popularity": 1.1, "calibration": 1.0}


def learned(seed):
    rng = np.random.default_rng(seed)
    signals = rng.uniform(0, 1, (600, len(NAMES))).astype(np.float32)
    return Ranker.fit(signals, rng.uniform(0, 1, 600) < 0.5, np.ones(600), seed=seed)


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """Two versions of one Monday, the first one champion, and what the first was made of."""
    folder = tmp_path_factory.mktemp("registry")
    weights = ItemItem(sparse.csr_array(np.float32([[0, 2], [1, 0]])))
    made = store.Serving(learned(1), learned(2), ["a", "z"], weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Settings, "tracking_uri", property(lambda self: f"sqlite:///{folder}/registry.db")
        )
        patch.setattr(lake, "code_version", lambda: "tested")
        patch.chdir(folder)  # the store keeps its files beside
        settings.cache_clear()
        first = store.register(made, MONDAY, PASSES, {"sales": "hash"}, {})
        assert not model_review.submit(store.NAME, first, AUTO, "ann")
        tags = {registry.COMPARED: first}
        beaten = PASSES | {"precision_over_champion_high": 0.99}
        yield made, first, store.register(made, MONDAY, beaten, {}, tags)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    settings.cache_clear()


AUTO = Review(auto_approve=True)


def test_what_is_registered_is_what_serves(registered):
    made, first, _ = registered

    version, found = store.serving()

    assert version == first
    assert (found.ranker, found.judged, found.products) == (made.ranker, made.judged, ["a", "z"])
    assert found.item_item.weights.toarray().tolist() == [[0, 2], [1, 0]]


def test_a_champion_is_judged_on_weeks_that_it_did_not_learn_from(registered):
    made, first, _ = registered

    assert store.yardstick(MONDAY) == ({registry.COMPARED: first}, made.ranker)
    assert store.yardstick(date(2017, 11, 6)) == ({registry.COMPARED: first}, made.judged)


def test_a_challenger_that_ranks_worse_than_the_champion_does_not_serve(registered):
    _, first, second = registered

    model_review.submit(store.NAME, second, AUTO, "ann")

    assert registry.champion(store.NAME) == first
    said = registry.client().get_model_version(store.NAME, second).tags
    assert said["gate.not_worse_than_champion"].startswith("fail")


def test_a_version_that_is_not_there_says_what_to_do(registered):
    with pytest.raises(GateError, match=r"version 9 does not load.*roll_back_model"):
        store.load("9")


def test_a_version_learned_on_other_signals_does_not_load(registered, monkeypatch):
    monkeypatch.setattr(store, "NAMES", NAMES[:-1])

    with pytest.raises(GateError, match="run the DAG train_ranker"):
        store.load(registered[1])
    assert store.yardstick(MONDAY) == ({registry.UNUSABLE: registered[1]}, None)
