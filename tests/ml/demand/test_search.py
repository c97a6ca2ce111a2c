"""The search tries, judges on early weeks alone, writes all down, and switches nothing."""

from datetime import date
from types import SimpleNamespace

import mlflow
import numpy as np
import pytest
import yaml

from ml.demand import search as module
from ml.demand.fitting.early_stopping import HeldOutFit
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.demand.search import EPOCH_ERROR, EXPERIMENT, search_demand
from ml.models import registry
from ml.settings import Settings

AS_OF, WEEKS, ORIGIN, TRIALS = date(2017, 7, 31), 30, 18, 8


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=10, weeks=WEEKS)


def fitted(error, watchers):
    for epoch in range(4):
        for watcher in watchers:
            watcher.on_epoch_end(epoch, {EPOCH_ERROR: error + 1 / (epoch + 1)})
    return HeldOutFit(80, error, *3 * (np.zeros(1),))


@pytest.fixture(scope="module")
def searched(panel, tmp_path_factory):
    """What was found, what each trial was given, and the runs, on MLflow's own SQL store.

    The error is least at the learning rate 0.002.
    """
    folder, given = tmp_path_factory.mktemp("mlflow"), []

    def hold_out(seen, origin, fitting, watchers):
        chosen = fitting.hyperparameters
        given.append((seen, origin, chosen))
        return fitted(3 + abs(np.log(chosen.learning_rate / 0.002)), watchers)

    with pytest.MonkeyPatch.context() as patch:
        store = property(lambda self: f"sqlite:///{folder}/search.db")
        patch.setattr(Settings, "tracking_uri", store)
        patch.setattr(module, "hold_out", hold_out)
        patch.setattr(module, "read_panel", lambda *_, **__: panel)
        registry.client().create_experiment(EXPERIMENT, str(folder / "artifacts"))
        found = search_demand(AS_OF, TRIALS, minutes=60)
        runs = mlflow.search_runs(experiment_names=[EXPERIMENT])
        parent = runs[runs["tags.mlflow.parentRunId"].isna()].iloc[0]
        text = mlflow.artifacts.load_text(f"{parent['artifact_uri']}/demand.yml")
        yield SimpleNamespace(found=found, given=given, runs=runs, parent=parent, text=text)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def test_trials_see_nothing_from_the_backtests_first_origin_on(searched):
    for seen, origin, _ in searched.given:
        assert (len(seen.weeks), seen.units.shape[1], origin) == (ORIGIN, ORIGIN, ORIGIN)


def test_the_first_trial_is_the_present_file(searched):
    assert searched.given[0][2] == DemandHyperparameters.read()
    assert searched.found.present_value == pytest.approx(3 + np.log(2), rel=1e-6)


def test_the_best_trial_is_found_and_proposed_in_the_files_own_words(searched):
    tried = [chosen for _, _, chosen in searched.given]
    best = min(tried, key=lambda chosen: abs(np.log(chosen.learning_rate / 0.002)))

    assert searched.found.best == best != tried[0]
    assert searched.text == searched.found.text
    assert DemandHyperparameters(**yaml.safe_load(searched.text)) == best
    assert "# products in a gradient step" in searched.text


def test_nothing_is_switched(searched):
    assert searched.given[0][2] == DemandHyperparameters.read() != searched.found.best


def test_every_trial_is_a_child_run_with_its_hyperparameters_and_state(searched):
    children = searched.runs[
        searched.runs["tags.mlflow.parentRunId"] == searched.parent["run_id"]
    ].sort_values("tags.mlflow.runName")

    assert len(children) == len(searched.given) == TRIALS
    for (_, row), (_, _, chosen) in zip(children.iterrows(), searched.given, strict=True):
        for name, value in chosen.model_dump().items():
            assert float(row[f"params.{name}"]) == value
    complete = children[children["tags.state"] == "complete"]
    assert complete["metrics.error"].min() == pytest.approx(searched.found.value)
    assert "pruned" in set(children["tags.state"])
    assert set(children["status"]) == {"FINISHED"}
