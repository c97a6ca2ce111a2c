"""What a refresh did, for a reader: from manifests and the registry, nothing recomputed."""

from datetime import date

from ml.settings import Settings
from promoloop import services


def summary(settings: Settings, as_of: date) -> str:
    return "\n".join(f"{name:16} {place}" for name, place in services.places(settings).items())
