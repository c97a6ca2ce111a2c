"""How ALS is fitted and what it feeds: mlflow/affinity.yml, checked."""

from pathlib import Path

from pydantic import Field

from ml.affinity.neighbours import Comparison, Measure
from ml.affinity.weighting import Weights
from ml.config.documents import Document, read_document
from ml.settings import settings


class Hyperparameters(Document):
    """Of ALS, with Hu, Koren and Volinsky's symbols, and of the blend served before a ranker.

    `alpha` scales confidence 1 + alpha * log(1 + decayed purchases); `habit_weight` is what
    one unit of that logarithm adds to the served score beside ALS's liking; the rest is how the
    next ranker to be trained compares customers, and products by their buyers (`comparison`).
    """

    rank: int = Field(ge=1)
    iterations: int = Field(ge=1)
    regularisation: float = Field(gt=0)
    alpha: float = Field(gt=0)
    minimum_customers: int = Field(ge=1)
    habit_weight: float = Field(ge=0)
    days_between_fits: int = Field(ge=1)
    likeness: Measure
    product_weights: Weights
    customer_weights: Weights

    @property
    def comparison(self) -> Comparison:
        return Comparison(self.likeness, self.product_weights, self.customer_weights)


def read_hyperparameters(path: Path | None = None) -> Hyperparameters:
    """The hyperparameters in `path`, by default the settings' `affinity_path`.

    Raises:
        PolicyError: the file is missing, or a key is unknown, missing or out of its range.
    """
    return read_document(path or settings().affinity_path, Hyperparameters)
