"""Score every customer's categories with the champion: CUSTOMER_PROPENSITY of a day."""

import logging
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml import lake
from ml.contracts.outputs import CUSTOMER_PROPENSITY
from ml.models import champions, registry
from ml.propensity import NAME

if TYPE_CHECKING:
    from ml.propensity.histories import Histories
    from ml.propensity.hyperparameters import PropensityHyperparameters
    from ml.propensity.model import Propensity

log = logging.getLogger(__name__)


def write_propensities(as_of: date) -> None:
    """Write the day's CUSTOMER_PROPENSITY where a champion serves; else nothing, and say so.

    Raises:
        GateError: a champion served and is gone, or it does not load.
    """
    if not champions.has_champion(NAME):
        log.info("no version of %r serves: offers keep the estimate made without one", NAME)
        return
    from ml.propensity.histories import write_histories
    from ml.propensity.hyperparameters import PropensityHyperparameters
    from ml.propensity.loading import load

    version, chosen = registry.require_champion(NAME), PropensityHyperparameters.read()
    model = load(version)
    with tempfile.TemporaryDirectory() as folder:
        histories = write_histories(as_of, list(model.categories), chosen.baskets, Path(folder))
        scored = propensities(model, histories, chosen)
    lake.write(CUSTOMER_PROPENSITY, as_of, scored, histories.inputs, {NAME: version})


def propensities(
    model: "Propensity", histories: "Histories", chosen: "PropensityHyperparameters"
) -> pd.DataFrame:
    """Rows of CUSTOMER_PROPENSITY: one per customer and category of the model."""
    from ml.propensity.examples import at_origins, customers
    from ml.propensity.histories import HORIZONS

    depth, parts = chosen.reference_depth, []
    for known, ids in customers(histories, chosen):
        inputs = at_origins(histories, known, np.array([len(histories.origins) - 1]))
        inputs["depth"] = np.zeros_like(inputs["depth"])
        logits_and_lift = model.predict_on_batch(inputs)[:, 0].astype(np.float64)
        base, lift = logits_and_lift[..., : len(HORIZONS)], logits_and_lift[..., len(HORIZONS) :]
        without, offered = (1 / (1 + np.exp(-logits)) for logits in (base, base + depth * lift))
        parts.append(
            pd.DataFrame(
                {
                    "customer_id": np.repeat(ids, len(model.categories)),
                    "category": np.tile(np.array(model.categories, object), len(ids)),
                    "week_without": without[..., 0].ravel(),
                    "week_with": offered[..., 0].ravel(),
                    "p_without": without[..., 1].ravel(),
                    "p_with": offered[..., 1].ravel(),
                    "offer_depth": depth,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
