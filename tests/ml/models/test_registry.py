"""The registry's gates and aliases, on MLflow's own SQL store."""

import contextlib
from datetime import date

import keras
import mlflow
import pytest
import tensorflow as tf

from ml.config.approval import Review
from ml.errors import GateError, PolicyError
from ml.models import champions, registry
from ml.settings import Settings, settings

GATES = """
demand:
  accuracy: {metric: wape, maximum: 0.4}
  coverage: {metric: cov80, minimum: 0.7, maximum: 0.9}
  not_worse: {metric: ratio_low, maximum: 1, against_champion: true}
"""
GOOD = {"wape": 0.3, "cov80": 0.8}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/registry.db"


@pytest.fixture
def gated(store, home, tmp_path, monkeypatch):
    """A registry with the gates above."""
    (tmp_path / "gates.yml").write_text(GATES)
    monkeypatch.setenv("PROMOLOOP_GATES_PATH", str(tmp_path / "gates.yml"))
    monkeypatch.setattr(Settings, "tracking_uri", property(lambda self: store))
    settings.cache_clear()
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture
def version(gated, tmp_path, request):
    """Registers a version whose run has the given metrics, under the test's own name."""
    client = registry.client()
    client.create_registered_model("demand")
    experiment = client.create_experiment(request.node.name, str(tmp_path / "artifacts"))

    def make(**metrics):
        run = client.create_run(experiment).info.run_id
        for name, value in metrics.items():
            client.log_metric(run, name, value)
        made = client.create_model_version("demand", str(tmp_path), run_id=run).version
        client.set_registered_model_alias("demand", registry.CHALLENGER, made)
        return str(made)

    yield make
    client.delete_registered_model("demand")


def serves(version):
    """Whether the gates let it be champion, under a policy that approves by itself."""
    with contextlib.suppress(GateError):  # no champion at all
        champions.submit("demand", version, Review(auto_approve=True), "Ada")
    return registry.champion("demand") == version


def tags(version):
    return registry.client().get_model_version("demand", version).tags


def test_a_model_never_registered_has_no_champion(gated):
    assert registry.champion("demand") is None
    with pytest.raises(GateError, match="train one first"):
        registry.require_champion("demand")


def test_a_version_that_passes_every_gate_becomes_champion(version):
    first = version(**GOOD)

    assert serves(first)
    assert registry.champion("demand") == registry.require_champion("demand") == first
    assert tags(first)["gate.accuracy"] == "pass (wape 0.3 <= 0.4)"
    assert tags(first)["gate.coverage"] == "pass (0.7 <= cov80 0.8 <= 0.9)"


@pytest.mark.parametrize(
    ("metrics", "gate"),
    [
        (GOOD | {"wape": 0.41}, "accuracy"),
        (GOOD | {"cov80": 0.69}, "coverage"),
        (GOOD | {"cov80": 0.91}, "coverage"),
        ({"wape": 0.3}, "coverage"),
        (GOOD | {"wape": float("nan")}, "accuracy"),
    ],
)
def test_one_failed_gate_keeps_a_version_from_becoming_champion(version, metrics, gate):
    made = version(**metrics)

    assert not serves(made)
    assert registry.champion("demand") is None
    assert tags(made)[f"gate.{gate}"].startswith("fail")
    with pytest.raises(GateError, match=f"gate.{gate}"):
        registry.require_champion("demand")


def compared(version, tag=registry.COMPARED, rival="1"):
    registry.client().set_model_version_tag("demand", version, tag, rival)


def test_a_worse_challenger_leaves_the_champion_in_place(version):
    first, worse, close = (
        version(**GOOD),
        version(**GOOD, ratio_low=1.01),
        version(**GOOD, ratio_low=1),
    )
    for made in (worse, close):
        compared(made, rival=first)
    serves(first)

    assert not serves(worse)
    assert registry.champion("demand") == first
    assert tags(worse)["gate.not_worse"] == "fail (ratio_low 1.01 <= 1)"
    assert serves(close)
    assert registry.champion("demand") == close


def test_a_challenger_compared_with_another_champion_is_not_promoted(version):
    first, late, never = (version(**GOOD, ratio_low=0.5) for _ in range(3))
    compared(late, rival="99")
    serves(first)

    for made in (late, never):
        assert not serves(made)
        assert "train again" in tags(made)["gate.not_worse"]
    assert registry.champion("demand") == first


def test_a_comparison_without_its_metric_fails(version):
    first, made = version(**GOOD), version(**GOOD)
    compared(made, rival=first)
    serves(first)

    assert not serves(made)


def test_a_champion_that_no_longer_loads_can_be_replaced(version):
    first, made = version(**GOOD), version(**GOOD)
    compared(made, registry.UNUSABLE, first)
    serves(first)

    assert serves(made)
    assert "does not load" in tags(made)["gate.not_worse"]


def test_versions_know_the_date_they_were_trained_for(version):
    first, second, _ = (version(**GOOD) for _ in range(3))
    for made, day in ((first, "2017-11-06"), (second, "2017-12-04")):
        run = registry.client().get_model_version("demand", made).run_id
        registry.client().log_param(run, "as_of", day)

    assert registry.trained_as_of("demand") == {first: date(2017, 11, 6), second: date(2017, 12, 4)}


def test_a_text_of_a_versions_run_is_read_and_a_missing_one_is_none(version):
    made = version(**GOOD)
    run = registry.client().get_model_version("demand", made).run_id
    registry.client().log_text(run, "a,b\n", "losses.csv")

    assert registry.run_text("demand", made, "losses.csv") == "a,b\n"
    assert registry.run_text("demand", made, "other.csv") is None


def test_promoting_the_champion_again_does_not_compare_it_with_itself(version):
    first = version(**GOOD)

    assert serves(first)
    assert serves(first)


def test_a_champion_that_does_not_load_says_so(version, tmp_path):
    (tmp_path / "MLmodel").write_text("flavors: {keras: {data: data, save_exported_model: false}}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "model.keras").write_bytes(b"not a model")
    broken = version(**GOOD)

    with pytest.raises(GateError, match="does not load"):
        registry.load_keras("demand", broken)


@pytest.mark.parametrize("with_keras_file", [False, True])
def test_a_saved_model_is_never_run_at_load(version, tmp_path, with_keras_file):
    """A SavedModel's operations write files while it loads; a changed MLmodel may ask for it."""
    trace = tmp_path / "trace"
    (tmp_path / "MLmodel").write_text("flavors: {keras: {data: data, save_exported_model: true}}")
    write_hostile_model(tmp_path / "data" / "model", trace)
    tf.saved_model.load(str(tmp_path / "data" / "model"))
    assert trace.read_text() == "run"
    trace.unlink()
    if with_keras_file:
        keras.Sequential([keras.Input([2]), keras.layers.Dense(1)]).save(
            tmp_path / "data" / "model.keras"
        )
        assert registry.load_keras("demand", version(**GOOD)).input_shape == (None, 2)
    else:
        with pytest.raises(GateError, match=r"model\.keras is missing.*train again"):
            registry.load_keras("demand", version(**GOOD))

    assert not trace.exists()


def test_a_function_that_a_keras_file_carries_is_refused(version, tmp_path):
    (tmp_path / "data").mkdir()
    carrying = keras.Sequential([keras.Input([2]), keras.layers.Lambda(lambda x: x)])
    carrying.save(tmp_path / "data" / "model.keras")

    with pytest.raises(GateError, match="does not load"):
        registry.load_keras("demand", version(**GOOD))


def write_hostile_model(folder, trace):
    """A SavedModel that writes `trace` when it is loaded: an initializer runs at load."""

    class Resource(tf.saved_model.experimental.TrackableResource):
        def _create_resource(self):
            return tf.constant(0)

        def _initialize(self):
            tf.io.write_file(str(trace), "run")

    module = tf.Module()
    module.resource = Resource()
    tf.saved_model.save(module, str(folder))


def test_an_unreachable_registry_is_not_an_empty_one(home, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("PROMOLOOP_MLFLOW_PORT", "9")
    settings.cache_clear()

    with pytest.raises(mlflow.MlflowException):
        registry.champion("demand")


def test_gates_with_an_unknown_key_are_refused(gated, tmp_path):
    (tmp_path / "gates.yml").write_text("demand: {accuracy: {metric: wape, max: 0.4}}")

    with pytest.raises(PolicyError, match="maximum"):
        registry.read_gates("demand")


def test_a_model_without_gates_is_refused(gated):
    with pytest.raises(PolicyError, match="no gates"):
        registry.read_gates("affinity")


def test_the_shipped_gates_can_be_read(home):
    assert {gate.name for gate in registry.read_gates("demand")} >= {
        "beats_seasonal_naive",
        "no_positive_elasticity",
        "no_leak",
        "not_worse_than_champion",
    }
    assert [gate.metric for gate in registry.read_gates("demand") if gate.against_champion] == [
        "wql_over_champion_low"
    ]
