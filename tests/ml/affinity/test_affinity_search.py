"""The search tries, writes all down, stops in time, and switches nothing."""

from types import SimpleNamespace

import mlflow
import numpy as np
import pytest
import yaml

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.search import EXPERIMENT, METRIC, PROPOSAL, search_als
from ml.errors import PolicyError
from ml.settings import Settings

TRIALS = 12
AS_OF = {"as_of": "2017-12-04"}


def ndcg(chosen):
    return 1 - abs(np.log(chosen.alpha / 4.0)) / 10


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """MLflow's own SQL store as the tracking server."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        uri = f"sqlite:///{folder}/search.db"
        patch.setattr(Settings, "tracking_uri", property(lambda self: uri))
        mlflow.MlflowClient(uri).create_experiment(EXPERIMENT, str(folder / "artifacts"))
        yield
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="module")
def searched(store):
    """What was found where alpha 4 is best, what was tried, and the runs."""
    tried = []

    def first(chosen):
        tried.append(chosen)
        return {METRIC: ndcg(chosen), "blend_all_ndcg_at_10": 0.4}

    def second(chosen):
        return {METRIC: ndcg(chosen) + 1, "blend_all_ndcg_at_10": 0.4}

    found = search_als([first, second], TRIALS, minutes=60, about=AS_OF)
    runs = mlflow.search_runs(experiment_names=[EXPERIMENT])
    parent = runs[runs["tags.mlflow.parentRunId"].isna()].iloc[0]
    text = mlflow.artifacts.load_text(f"{parent['artifact_uri']}/{PROPOSAL}")
    return SimpleNamespace(found=found, tried=tried, runs=runs, parent=parent, text=text)


def test_the_first_trial_is_the_present_file(searched):
    assert searched.tried[0] == AlsHyperparameters.read()
    assert searched.found.present_value == pytest.approx(ndcg(searched.tried[0]) + 0.5)


def test_the_best_trial_is_found_and_proposed_in_the_files_own_words(searched):
    best = max(searched.tried, key=ndcg)

    assert searched.found.best == best != searched.tried[0]
    assert searched.found.value == pytest.approx(ndcg(best) + 0.5)
    assert searched.text == searched.found.text
    assert AlsHyperparameters(**yaml.safe_load(searched.text)) == best
    assert "# factors of a customer and of a product" in searched.text


def test_what_is_not_searched_stays_as_the_file_says(searched):
    kept = {"minimum_customers", "habit_weight"}
    present = AlsHyperparameters.read().model_dump(include=kept)

    assert all(chosen.model_dump(include=kept) == present for chosen in searched.tried)


def test_every_trial_is_a_child_run_with_its_settings_measures_and_state(searched):
    of = searched.runs["tags.mlflow.parentRunId"] == searched.parent["run_id"]
    children = searched.runs[of].set_index("tags.mlflow.runName")

    assert len(children) == len(searched.tried) == TRIALS
    assert searched.parent["params.as_of"] == AS_OF["as_of"]
    for number, chosen in enumerate(searched.tried):
        row = children.loc[f"trial {number}"]
        settings = chosen.model_dump()
        assert {n: type(v)(row[f"params.{n}"]) for n, v in settings.items()} == settings
        assert row["metrics.blend_all_ndcg_at_10"] == 0.4
    complete = children[children["tags.state"] == "complete"]
    assert complete["metrics.ndcg"].max() == pytest.approx(searched.found.value)
    assert "pruned" in set(children["tags.state"])
    assert set(children["status"]) == {"FINISHED"}


def test_only_the_first_trial_goes_on_when_time_is_up(store):
    seen = []

    def judge(chosen):
        seen.append(chosen)
        return {METRIC: 1.0}

    found = search_als([judge, judge], trials=5, minutes=0, about=AS_OF)

    assert seen == [AlsHyperparameters.read()] * 2
    assert (found.trials, found.best) == (1, AlsHyperparameters.read())


def test_a_file_that_breaks_a_rule_is_refused_with_its_name_key_and_rule(tmp_path):
    wrong = tmp_path / "affinity.yml"
    settings = AlsHyperparameters.read().model_dump() | {"alpha": 0}
    wrong.write_text(yaml.safe_dump(settings), encoding="utf-8")

    with pytest.raises(PolicyError, match=r"affinity.yml: alpha: .*greater than 0"):
        AlsHyperparameters.read(wrong)
