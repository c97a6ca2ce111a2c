"""How the demand model is built and trained: mlflow/demand.yml, checked."""

from typing import ClassVar

from pydantic import Field

from ml.models.hyperparameters import Hyperparameters


class DemandHyperparameters(Hyperparameters):
    """Of the network (`width`), of training, and how fast dispersions learn (`speed`)."""

    path_setting: ClassVar[str] = "hyperparameters_path"

    width: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    averaging: float = Field(ge=0, lt=1)
    speed: float = Field(gt=0)
