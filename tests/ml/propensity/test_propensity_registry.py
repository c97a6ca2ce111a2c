"""A version is trained, judged and served; its scores know nothing of what follows."""

from datetime import date, timedelta

import mlflow
import pytest
import yaml

from ml import lake
from ml.contracts.outputs import CUSTOMER_PROPENSITY
from ml.models import registry
from ml.propensity import NAME, training
from ml.propensity.comparison import load_for
from ml.propensity.scoring import write_propensities
from ml.propensity.training import train_challenger
from ml.settings import Settings, settings

AS_OF, CUSTOMERS, CATEGORIES = date(2017, 7, 3), 30, 3  # of the shop in conftest


@pytest.fixture
def store(home, small, monkeypatch):
    """A registry in a file, and hyperparameters of a small model."""
    home.mkdir()
    path = property(lambda self: f"sqlite:///{home}/registry.db")
    monkeypatch.setattr(Settings, "tracking_uri", path)
    quick = small.model_copy(update={"epochs": 1})
    (home / "small.yml").write_text(yaml.safe_dump(quick.model_dump()))
    monkeypatch.setenv("PROMOLOOP_PROPENSITY_PATH", str(home / "small.yml"))
    settings.cache_clear()
    registry.client().create_experiment(NAME, str(home / "artifacts"))
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def scored():
    write_propensities(AS_OF)
    return lake.manifest(CUSTOMER_PROPENSITY, AS_OF)


def test_without_a_champion_nothing_is_scored(store, shop):
    shop()
    write_propensities(AS_OF)
    assert lake.partitions(CUSTOMER_PROPENSITY) == []


def test_a_trained_version_scores_every_customer_and_the_future_moves_no_byte(store, shop):
    shop()
    version = train_challenger(AS_OF)
    registry.judge(NAME, version)
    gates = registry.client().get_model_version(NAME, version).tags
    for safe in ("no_leak", "offers_never_put_off", "finite_when_free", "same_data", "size"):
        assert gates[f"gate.{safe}"].startswith("pass"), gates
    assert "chance" in registry.run_text(NAME, version, "model_card.md")
    registry.client().set_registered_model_alias(NAME, registry.CHAMPION, version)

    made = scored()
    rows = lake.read(CUSTOMER_PROPENSITY, AS_OF)
    assert made.models == {NAME: version}
    assert len(rows) == CUSTOMERS * CATEGORIES
    assert (rows["p_with"] > rows["p_without"]).all()
    assert (rows["week_with"] > rows["week_without"]).all()
    shop(after=60, seed=5)
    assert scored().content_hash == made.content_hash


def test_a_second_training_is_compared_with_the_model_that_judged_the_champion(
    store, shop, monkeypatch
):
    shop()
    first = train_challenger(AS_OF)
    registry.client().set_registered_model_alias(NAME, registry.CHAMPION, first)
    hashes = iter([{"products": "changed meanwhile"}])
    monkeypatch.setattr(training, "fingerprint", lambda as_of: next(hashes))

    second = train_challenger(AS_OF)

    found = registry.metrics(NAME, second)
    tags = registry.client().get_model_version(NAME, second).tags
    assert tags[registry.COMPARED] == first
    assert found["log_loss_over_champion"] == 1  # the same data and seed: the same model
    registry.judge(NAME, second)
    tags = registry.client().get_model_version(NAME, second).tags
    assert tags["gate.not_worse_than_champion"].startswith("pass")
    assert tags["gate.same_data"].startswith("fail")
    judged, served = load_for(first, AS_OF), load_for(first, AS_OF + timedelta(days=28))
    pairs = zip(judged.get_weights(), served.get_weights(), strict=True)
    assert any((before != after).any() for before, after in pairs)
