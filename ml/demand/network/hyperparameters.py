"""How the demand model is built and trained: mlflow/demand.yml, checked."""

from pathlib import Path

from pydantic import Field

from ml.config.documents import Document, read_document
from ml.settings import settings


class Hyperparameters(Document):
    """Of the network (`width`), of training, and how fast sizes learn (`speed`)."""

    width: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    averaging: float = Field(ge=0, lt=1)
    speed: float = Field(gt=0)


def read_hyperparameters(path: Path | None = None) -> Hyperparameters:
    """The hyperparameters in `path`, by default the settings' `hyperparameters_path`.

    Raises:
        PolicyError: the file is missing, or a key is unknown, missing or out of its range.
    """
    return read_document(path or settings().hyperparameters_path, Hyperparameters)
