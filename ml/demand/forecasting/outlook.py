"""What a model expects of a panel's products from the panel's last week on."""

from dataclasses import dataclass

import numpy as np

from ml.demand.data.covariates import covariates
from ml.demand.data.panel import Panel
from ml.demand.fitting.fit import predict
from ml.demand.network.structured import StructuredDemand


@dataclass(frozen=True)
class Outlook:
    """Products in the panel's order; `mean` and `size` are (N, horizon) of the weeks ahead.

    `known` are the panel's covariates, with `horizon` weeks past its end.
    """

    panel: Panel
    known: dict[str, np.ndarray]
    mean: np.ndarray
    size: np.ndarray

    def joined(self, other: "Outlook") -> "Outlook":
        """These products, then the other's."""
        return Outlook(
            self.panel.joined(other.panel),
            {name: np.concatenate([v, other.known[name]]) for name, v in self.known.items()},
            np.concatenate([self.mean, other.mean]),
            np.concatenate([self.size, other.size]),
        )


def outlook(model: StructuredDemand, panel: Panel) -> Outlook:
    """At the last regular price, not promoted."""
    known = covariates(panel, planned_weeks=model.horizon)
    return Outlook(panel, known, *predict(model, panel, known, len(panel.weeks)))
