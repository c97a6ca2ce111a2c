"""How ALS is fitted and what it feeds: mlflow/affinity.yml, checked."""

from typing import ClassVar

from pydantic import Field

from ml.affinity.neighbours import Measure, Similarity
from ml.affinity.weighting import Weights
from ml.models.hyperparameters import Hyperparameters


class AlsHyperparameters(Hyperparameters):
    """Of ALS, with Hu, Koren and Volinsky's symbols, and of the blend served before a ranker.

    `alpha` scales confidence 1 + alpha * log(1 + decayed purchases); `habit_weight` is what
    one unit of that logarithm adds to the served score beside ALS's liking; the rest is how the
    next ranker to be trained compares customers, and products by their buyers (`comparison`).
    """

    path_setting: ClassVar[str] = "affinity_path"

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
    def comparison(self) -> Similarity:
        return Similarity(self.likeness, self.product_weights, self.customer_weights)
