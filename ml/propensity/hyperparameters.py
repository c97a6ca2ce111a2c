"""How the propensity model is built and trained: mlflow/propensity.yml, checked."""

from pathlib import Path

from pydantic import Field

from ml.config.documents import Document, read_document
from ml.settings import settings


class Hyperparameters(Document):
    """Of the data (`categories` to `origins`), the network, its training, and the offer."""

    categories: int = Field(ge=1)
    baskets: int = Field(ge=1)
    origins: int = Field(ge=1)
    width: int = Field(ge=1)
    hidden: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    epochs: int = Field(ge=1)
    patience: int = Field(ge=1)
    shrinkage: float = Field(ge=0)
    reference_depth: float = Field(gt=0, lt=1)


def read_hyperparameters(path: Path | None = None) -> Hyperparameters:
    """The hyperparameters in `path`, by default the settings' `propensity_path`.

    Raises:
        PolicyError: the file is missing, or a key is unknown, missing or out of its range.
    """
    return read_document(path or settings().propensity_path, Hyperparameters)
