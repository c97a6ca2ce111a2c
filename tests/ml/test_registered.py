"""Every model that can be rolled back, or has gates, has a loader."""

import re

import yaml

from ml.registered import LOADERS
from ml.settings import PROJECT


def test_every_model_of_the_roll_back_has_a_loader():
    text = (PROJECT / "dags" / "roll_back.py").read_text(encoding="utf-8")
    (names,) = re.findall(r'"model": Param\([^)]*enum=(\[[^]]*\])', text)

    assert set(yaml.safe_load(names)) == LOADERS.keys()
    assert LOADERS.keys() <= yaml.safe_load((PROJECT / "mlflow/gates.yml").read_text()).keys()
