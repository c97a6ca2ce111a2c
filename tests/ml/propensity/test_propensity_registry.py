"""A version is trained, judged and served; its scores know nothing of what follows."""

from contextlib import contextmanager
from datetime import timedelta

import mlflow
import pytest
import yaml
from propensity_shop import AS_OF, CATEGORIES, CUSTOMERS, SMALL, write_shop

from ml import lake
from ml.contracts.outputs import CUSTOMER_PROPENSITY
from ml.models import registry
from ml.propensity import NAME, training
from ml.propensity.comparison import load_for
from ml.propensity.scoring import write_propensities
from ml.propensity.training import train_challenger
from ml.settings import Settings, settings

QUICK = SMALL.model_copy(update={"epochs": 1})


@contextmanager
def quick_registry(home):
    """A registry in a file, and hyperparameters of a small model."""
    with pytest.MonkeyPatch.context() as patch:
        uri = property(lambda self: f"sqlite:///{home}/registry.db")
        patch.setattr(Settings, "tracking_uri", uri)
        home.mkdir(exist_ok=True)
        (home / "small.yml").write_text(yaml.safe_dump(QUICK.model_dump()))
        patch.setenv("PROMOLOOP_HOME", str(home))
        patch.setenv("PROMOLOOP_PROPENSITY_PATH", str(home / "small.yml"))
        settings.cache_clear()
        registry.client().create_experiment(NAME, str(home / "artifacts"))
        yield
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    settings.cache_clear()


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    """A version that was trained on the shop and serves."""
    with quick_registry(tmp_path_factory.mktemp("home")):
        write_shop()
        version = train_challenger(AS_OF)
        registry.judge(NAME, version)
        registry.client().set_registered_model_alias(NAME, registry.CHAMPION, version)
        yield version


def scored():
    write_propensities(AS_OF)
    return lake.manifest(CUSTOMER_PROPENSITY, AS_OF)


def test_without_a_champion_nothing_is_scored(home, shop):
    with quick_registry(home):
        shop()
        write_propensities(AS_OF)
        assert lake.partitions(CUSTOMER_PROPENSITY) == []


def test_a_trained_version_scores_every_customer_and_the_future_moves_no_byte(champion):
    gates = registry.client().get_model_version(NAME, champion).tags
    for safe in ("no_leak", "offers_never_put_off", "finite_when_free", "same_data", "size"):
        assert gates[f"gate.{safe}"].startswith("pass"), gates
    assert "chance" in registry.run_text(NAME, champion, "model_card.md")

    manifest = scored()
    rows = lake.read(CUSTOMER_PROPENSITY, AS_OF)
    assert manifest.models == {NAME: champion}
    assert len(rows) == CUSTOMERS * len(CATEGORIES)
    assert (rows["p_with"] > rows["p_without"]).all()
    assert (rows["week_with"] > rows["week_without"]).all()
    write_shop(after=60, seed=5)
    assert scored().content_hash == manifest.content_hash


def test_a_second_training_is_compared_with_the_model_that_judged_the_champion(
    champion, monkeypatch
):
    hashes = iter([{"products": "changed meanwhile"}])
    monkeypatch.setattr(training, "fingerprint", lambda as_of: next(hashes))

    second = train_challenger(AS_OF)

    metrics = registry.metrics(NAME, second)
    tags = registry.client().get_model_version(NAME, second).tags
    assert tags[registry.COMPARED] == champion
    assert metrics["log_loss_over_champion"] == 1  # the same data and seed: the same model
    registry.judge(NAME, second)
    tags = registry.client().get_model_version(NAME, second).tags
    assert tags["gate.not_worse_than_champion"].startswith("pass")
    assert tags["gate.same_data"].startswith("fail")
    judged, served = load_for(champion, AS_OF), load_for(champion, AS_OF + timedelta(days=28))
    pairs = zip(judged.get_weights(), served.get_weights(), strict=True)
    assert any((before != after).any() for before, after in pairs)
