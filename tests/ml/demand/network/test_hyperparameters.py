"""DemandHyperparameters are read from one checked file, and reach the model."""

import pytest
import yaml

from ml.demand.fitting.fit import DemandFitting, optimizer, untrained
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.errors import PolicyError
from ml.settings import settings


@pytest.mark.parametrize(
    ("change", "key"),
    [({"width": 0}, "width"), ({"averaging": 1.0}, "averaging"), ({"dropout": 0.1}, "dropout")],
)
def test_an_unusable_or_unknown_value_is_refused_by_name(tmp_path, change, key):
    given = yaml.safe_load(settings().hyperparameters_path.read_text())
    path = tmp_path / "demand.yml"
    path.write_text(yaml.safe_dump(given | change))

    with pytest.raises(PolicyError, match=key):
        DemandHyperparameters.read(path)


def test_a_key_left_out_is_refused_by_name(tmp_path):
    given = yaml.safe_load(settings().hyperparameters_path.read_text())
    del given["speed"]
    path = tmp_path / "demand.yml"
    path.write_text(yaml.safe_dump(given))

    with pytest.raises(PolicyError, match="speed"):
        DemandHyperparameters.read(path)


def test_every_hyperparameter_of_the_networks_reaches_the_model(shop):
    other = {"width": 5, "speed": 4.0, "learning_rate": 0.01, "averaging": 0.5}
    chosen = DemandHyperparameters.read().model_copy(update=other)

    model = untrained(shop(products=8, weeks=6), DemandFitting(2, 1, 7, chosen))

    assert (model.width, model.effects.speed) == (5, 4.0)
    adam = optimizer(chosen)
    assert float(adam.learning_rate) == pytest.approx(0.01)
    assert adam.ema_momentum == 0.5
