"""A registered version of the propensity model."""

from typing import cast

from ml.models import registry
from ml.propensity import NAME
from ml.propensity.model import Propensity


def load(version: str) -> Propensity:
    """The network of a version.

    Raises:
        GateError: there is no such version, or it does not load.
    """
    return cast(Propensity, registry.load_keras(NAME, version))
