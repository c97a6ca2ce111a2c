"""What a model expects of a panel's products from the panel's last week on."""

from dataclasses import dataclass

import numpy as np

from ml.demand.data.covariates import covariates
from ml.demand.data.panel import Panel
from ml.demand.fitting.fit import predict
from ml.demand.network.structured import StructuredDemand


@dataclass(frozen=True)
class ExpectedDemand:
    """Products in the panel's order; `mean` and `dispersion` are (N, horizon) of the weeks ahead.

    `inputs` are the panel's covariates, with `horizon` weeks past its end.
    """

    panel: Panel
    inputs: dict[str, np.ndarray]
    mean: np.ndarray
    dispersion: np.ndarray

    def joined(self, other: "ExpectedDemand") -> "ExpectedDemand":
        """These products, then the other's."""
        return ExpectedDemand(
            self.panel.joined(other.panel),
            {name: np.concatenate([v, other.inputs[name]]) for name, v in self.inputs.items()},
            np.concatenate([self.mean, other.mean]),
            np.concatenate([self.dispersion, other.dispersion]),
        )


def expected_demand(model: StructuredDemand, panel: Panel) -> ExpectedDemand:
    """At the last regular price, not promoted."""
    inputs = covariates(panel, planned_weeks=model.horizon)
    return ExpectedDemand(panel, inputs, *predict(model, panel, inputs, len(panel.weeks)))
