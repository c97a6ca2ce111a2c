"""The ranker in the registry, on MLflow's own SQL store."""

from dataclasses import replace
from datetime import date

import mlflow
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ml import lake
from ml.affinity import store
from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Similarity
from ml.affinity.pyfunc import PropensityScorer
from ml.affinity.ranker import NAMES, SIMPLE, Ranker
from ml.affinity.tracking import RankerCandidate, registration
from ml.config.approval import Review
from ml.errors import ContractError, GateError
from ml.models import champions, registry
from ml.models.register import register
from ml.settings import Settings, settings

MONDAY = date(2017, 12, 4)
PASSES = {
    "precision_over_habit": 1.1,
    "new_precision_over_popularity": 1.1,
    "calibration": 1.0,
    "leak_largest_move": 0.0,
    "extreme_outside": 0.0,
    "data_changed": 0.0,
    "size_mb": 10.0,
    "seconds_per_million": 5.0,
}
PEARSON = Similarity("pearson", "bm25", "log")
SIGNALS = np.random.default_rng(3).uniform(0, 1, (9, len(NAMES))).astype(np.float32)


def learned(seed):
    rng = np.random.default_rng(seed)
    signals = rng.uniform(0, 1, (600, len(NAMES))).astype(np.float32)
    return Ranker.fit(signals, rng.uniform(0, 1, 600) < 0.5, np.ones(600), seed=seed)


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """Two versions of one Monday, the first one champion, and what the first was made of."""
    folder = tmp_path_factory.mktemp("registry")
    weights = ItemItem(sparse.csr_array(np.float32([[0, 2], [1, 0]])))
    made = store.Serving(learned(1), learned(2), ["a", "z"], weights, PEARSON, 0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Settings, "tracking_uri", property(lambda self: f"sqlite:///{folder}/registry.db")
        )
        patch.setattr(lake, "code_version", lambda: "tested")
        patch.chdir(folder)  # the store keeps its files beside
        settings.cache_clear()
        candidate = RankerCandidate(MONDAY, made, PASSES, {"sales": "hash"}, {}, SIGNALS)
        first = register(registration(candidate))
        assert not champions.submit(store.NAME, first, AUTO, "ann")
        tags = {registry.COMPARED: first}
        beaten = PASSES | {"precision_over_champion_high": 0.99}
        second = replace(candidate, metrics=beaten, tags=tags)
        yield made, first, register(registration(second))
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    settings.cache_clear()


AUTO = Review(auto_approve=True)


def test_what_is_registered_is_what_serves(registered):
    made, first, _ = registered

    version, found = store.serving()

    assert version == first
    assert (found.ranker, found.judged, found.products) == (made.ranker, made.judged, ["a", "z"])
    assert (found.comparison, found.variety) == (PEARSON, 0.1)
    assert found.item_item.weights.toarray().tolist() == [[0, 2], [1, 0]]


def test_a_champion_is_judged_on_weeks_that_it_did_not_learn_from(registered):
    made, first, _ = registered

    assert store.load_for(first, MONDAY) == made.ranker
    assert store.load_for(first, date(2017, 11, 6)) == made.judged


def test_a_challenger_that_ranks_worse_than_the_champion_does_not_serve(registered):
    _, first, second = registered

    champions.submit(store.NAME, second, AUTO, "ann")

    assert registry.champion(store.NAME) == first
    tags = registry.client().get_model_version(store.NAME, second).tags
    assert tags["gate.not_worse_than_champion"].startswith("fail")


def test_a_version_that_is_not_there_says_what_to_do(registered):
    with pytest.raises(GateError, match=r"version 9 does not load.*roll back to"):
        store.load("9")


def test_a_version_learned_on_other_signals_does_not_load(registered, monkeypatch):
    monkeypatch.setattr(store, "NAMES", NAMES[:-1])

    with pytest.raises(GateError, match="train it again"):
        store.load(registered[1])


def test_a_version_in_an_older_form_says_to_train_again(registered, monkeypatch):
    monkeypatch.setattr(store, "DATA", "where_it_was")

    with pytest.raises(GateError, match=r"does not load.*train again"):
        store.load(registered[1])


def test_a_loaded_version_gives_the_propensities_that_serve(registered):
    made, version, _ = registered
    scorer = mlflow.pyfunc.load_model(f"models:/ranker/{version}")
    table = pd.DataFrame(SIGNALS, columns=list(NAMES), dtype=np.float64)
    table.loc[0, "gap"] = np.nan

    found = scorer.predict(table[list(reversed(NAMES))])

    expected = made.ranker.predict(table.to_numpy(np.float32))
    assert found["propensity"].tolist() == expected.tolist()
    trees = made.ranker.booster().predict(table.to_numpy(np.float32))
    assert np.abs(found["propensity"] - trees).max() > 0.01  # more than the trees' correction


def test_a_table_without_a_signal_is_refused(registered):
    with pytest.raises(ContractError, match=f"{SIMPLE[0]}.*are missing"):
        PropensityScorer(registered[0].ranker).predict(pd.DataFrame({"als": [1.0]}))


def test_a_version_carries_a_card_an_example_and_its_signature_and_no_code(registered):
    version = registered[1]
    folder = mlflow.artifacts.download_artifacts(artifact_uri=f"models:/ranker/{version}")
    described = mlflow.models.Model.load(folder)

    assert described.flavors["python_function"]["loader_module"] == "ml.affinity.pyfunc"
    assert not described.flavors["python_function"].get("code")
    assert described.signature.inputs.input_names() == list(NAMES)
    assert described.signature.outputs.input_names() == ["propensity"]
    assert len(described.load_input_example(folder)) == 5
    card = registry.run_text(store.NAME, version, "model_card.md")
    assert "precision_over_habit" in card
    assert registry.client().get_model_version(store.NAME, version).description == card
