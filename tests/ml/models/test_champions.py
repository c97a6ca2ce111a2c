"""Who decides which version serves, on MLflow's own SQL store."""

import shutil

import mlflow
import pytest

from ml.config.approval import Review, ReviewAnswer
from ml.demand.network import loading
from ml.errors import GateError
from ml.models import champions, registry
from ml.settings import Settings, settings

ASKED = Review(auto_approve=False)
AUTO = Review(auto_approve=True)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    """A registry's database as MLflow makes it: slow, so made once and copied."""
    path = tmp_path_factory.mktemp("registry") / "registry.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def version(empty_store, home, tmp_path, monkeypatch):
    """Registers a version whose run has the given error; the gate lets 0.4 pass."""
    (tmp_path / "gates.yml").write_text("demand: {accuracy: {metric: wape, maximum: 0.4}}")
    monkeypatch.setenv("PROMOLOOP_GATES_PATH", str(tmp_path / "gates.yml"))
    store = f"sqlite:///{shutil.copy(empty_store, tmp_path)}"
    monkeypatch.setattr(Settings, "tracking_uri", property(lambda self: store))
    monkeypatch.chdir(tmp_path)  # the store keeps its files beside
    settings.cache_clear()
    client = registry.client()
    client.create_registered_model("demand")
    experiment = client.create_experiment("trained")

    def make(wape=0.3):
        run = client.create_run(experiment).info.run_id
        client.log_metric(run, "wape", wape)
        made = client.create_model_version("demand", str(tmp_path), run_id=run).version
        client.set_registered_model_alias("demand", registry.CHALLENGER, made)
        return str(made)

    yield make
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def tags(version):
    return registry.client().get_model_version("demand", version).tags


def moves():
    return [(m["from"], m["to"], m["by"], m["why"]) for m in champions.moves("demand")]


def test_a_version_that_passed_waits_for_a_reviewer(version):
    made = version()

    assert champions.submit("demand", made, ASKED, "Ada")

    assert registry.champion("demand") is None
    assert tags(made)["review"] == "pending"


def test_an_approved_version_serves_and_the_move_is_kept(version):
    made = version()
    champions.submit("demand", made, ASKED, "Ada")

    champions.settle("demand", made, ASKED, ReviewAnswer(True, "Grace", "good on milk"))

    assert registry.champion("demand") == made
    assert tags(made)["review.by"] == "Grace"
    assert moves() == [("none", made, "Grace", "good on milk")]


@pytest.mark.parametrize(
    ("answer", "state"),
    [(ReviewAnswer(False, "Grace", "no"), "rejected"), (ReviewAnswer(False, None), "expired")],
)
def test_without_a_yes_the_champion_stays(version, answer, state):
    first, second = version(), version()
    champions.submit("demand", first, AUTO, "Ada")
    champions.submit("demand", second, ASKED, "Ada")

    champions.settle("demand", second, ASKED, answer)

    assert registry.champion("demand") == first
    assert tags(second)["review"] == state
    assert len(moves()) == 1


def test_a_rejection_without_any_champion_stops_the_run(version):
    made = version()
    champions.submit("demand", made, ASKED, "Ada")

    with pytest.raises(GateError, match="no champion"):
        champions.settle("demand", made, ASKED, ReviewAnswer(False, "Grace"))


def test_nobody_is_asked_about_a_version_that_failed_its_gates(version):
    first, worse = version(), version(wape=0.5)
    champions.submit("demand", first, AUTO, "Ada")

    assert not champions.submit("demand", worse, ASKED, "Ada")

    assert registry.champion("demand") == first
    assert tags(worse)["review"] == "failed its gates"


def test_who_trained_may_not_approve_where_the_policy_forbids_it(version):
    strict = Review(auto_approve=False, own_proposals=False)
    made = version()
    champions.submit("demand", made, strict, "Ada")

    with pytest.raises(GateError, match="Ada proposed this"):
        champions.settle("demand", made, strict, ReviewAnswer(True, "Ada"))
    assert registry.champion("demand") is None


def test_where_people_decide_no_version_serves_by_itself(version, monkeypatch):
    monkeypatch.setenv("PROMOLOOP_PEOPLE_DECIDE", "true")
    settings.cache_clear()
    made = version()

    assert champions.submit("demand", made, AUTO, "Ada")

    assert registry.champion("demand") is None
    assert tags(made)["review"] == "pending"


def test_an_earlier_version_that_loads_can_be_put_back(version, monkeypatch):
    first, second = version(), version()
    for made in (first, second):
        champions.submit("demand", made, AUTO, "Ada")
    loaded = []

    champions.roll_back("demand", first, "Grace", "biased on deli", loaded.append)

    assert registry.champion("demand") == first
    assert loaded == [first]
    assert moves()[0] == (second, first, "Grace", "biased on deli")


def test_a_version_that_does_not_load_any_more_is_not_put_back(version):
    first, second = version(), version()
    for made in (first, second):
        champions.submit("demand", made, AUTO, "Ada")

    with pytest.raises(GateError, match=f"version {first} does not load"):
        champions.roll_back("demand", first, "Grace", "a file that is no model", loading.load)

    assert registry.champion("demand") == second


def test_a_version_that_nobody_approved_is_not_put_back(version):
    first, rejected = version(), version()
    champions.submit("demand", first, AUTO, "Ada")
    champions.submit("demand", rejected, ASKED, "Ada")
    champions.settle("demand", rejected, ASKED, ReviewAnswer(False, "Grace"))

    with pytest.raises(GateError, match=f"never served.*expected one of \\['{first}'\\]"):
        champions.roll_back("demand", rejected, "Grace", "around the review", loading.load)

    assert registry.champion("demand") == first


def test_a_deleted_champion_is_an_error_and_not_an_empty_registry(version):
    assert not champions.has_champion("demand")
    made = version()
    champions.submit("demand", made, AUTO, "Ada")
    assert champions.has_champion("demand")
    registry.client().delete_model_version("demand", made)

    with pytest.raises(GateError, match="was deleted; roll back to another"):
        champions.has_champion("demand")


def test_a_reviewer_reads_gates_and_where_to_look(version):
    first, made = version(), version()
    champions.submit("demand", first, AUTO, "Ada")
    champions.submit("demand", made, ASKED, "Ada")

    text = champions.describe("demand", made)

    assert f"challenger: version {made}" in text
    assert f"champion now: {first}" in text
    assert "accuracy: pass (wape 0.3 <= 0.4)" in text
    assert f"models/demand/versions/{made}" in text
