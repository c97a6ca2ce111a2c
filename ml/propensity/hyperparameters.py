"""How the propensity model is built and trained: mlflow/propensity.yml, checked."""

from typing import ClassVar

from pydantic import Field

from ml.models.hyperparameters import Hyperparameters


class PropensityHyperparameters(Hyperparameters):
    """Of the data (`categories` to `origins`), the network, its training, and the offer."""

    path_setting: ClassVar[str] = "propensity_path"

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
