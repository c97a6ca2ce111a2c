"""A small ALS, four products, and a ranker that needs no training."""

import numpy as np
import pandas as pd

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.ranker import NAMES

SMALL = AlsHyperparameters.read().model_copy(
    update={"rank": 2, "iterations": 2, "minimum_customers": 2}
)
COLUMNS = (
    "customer_id string, product_id string, sold_on date, units long, sales double, "
    "is_discounted boolean"
)
PRODUCTS = pd.DataFrame(
    {
        "product_id": list("abcd"),
        "brand": ["National", "Private", "National", "National"],
        "manufacturer_id": ["1", "2", "1", "1"],
        "department": ["grocery"] * 4,
        "package_size": [None] * 4,
        "category": ["tea", "tea", "cups", "cups"],
        "subcategory": ["green", "black", "mugs", "mugs"],
    }
)


class ByHabit:
    """A ranker whose propensity is a tenth of the decayed purchases."""

    def predict(self, signals):
        return signals[:, NAMES.index("decayed_112")].astype(np.float64) / 10
