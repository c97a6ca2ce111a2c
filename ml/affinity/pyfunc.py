"""A registered ranker behind a table: `mlflow.pyfunc.load_model("models:/ranker@champion")`.

One row per customer and product with the signals of `ml.affinity.ranker.NAMES`, and back comes the
probability of a purchase in the coming four weeks. A version is text: it carries no code.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.affinity.ranker import NAMES, Ranker
from ml.errors import ContractError

RANKER = "model"  # its files' name, see `Ranker.save`


class PropensityScorer:
    """What MLflow calls to score a table with a loaded version."""

    def __init__(self, ranker: Ranker) -> None:
        self.ranker = ranker

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """`propensity` of each row.

        Args:
            model_input: the columns `NAMES`, in any order; empty where a signal is unknown.
            params: not used.

        Raises:
            ContractError: a signal is missing.
        """
        if missing := [name for name in NAMES if name not in model_input.columns]:
            raise ContractError(
                f"signals {missing} are missing; received {list(model_input.columns)}"
            )
        signals = model_input[list(NAMES)].to_numpy(np.float32)
        return pd.DataFrame({"propensity": self.ranker.predict(signals)})


def _load_pyfunc(path: str) -> PropensityScorer:
    """Called by MLflow with the folder of the version's data."""
    return PropensityScorer(Ranker.read(Path(path), RANKER))
