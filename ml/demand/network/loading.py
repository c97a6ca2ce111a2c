"""A registered version of the demand model."""

from typing import cast

from ml.demand.network import NAME
from ml.demand.network.structured import StructuredDemand
from ml.models import registry


def load(version: str) -> StructuredDemand:
    """The network of a version.

    Raises:
        GateError: there is no such version, or it does not load.
    """
    return cast(StructuredDemand, registry.load_keras(NAME, version))
