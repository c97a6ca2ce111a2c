"""Train the next version of the propensity model, check it, and register it as challenger."""

import shutil
import tempfile
from datetime import date
from pathlib import Path

import numpy as np

from ml.propensity.backtest import EVERYTHING, backtest
from ml.propensity.checks import checks
from ml.propensity.comparison import compare
from ml.propensity.examples import at_origins, customers
from ml.propensity.fitting import fit
from ml.propensity.histories import fingerprint, write_histories
from ml.propensity.hyperparameters import read_hyperparameters
from ml.propensity.tracking import Candidate, register
from ml.settings import settings

EXAMPLES = 2  # customers in the version's example


def train_challenger(as_of: date) -> str:
    """Backtest, fit on everything before `as_of`, register; the new version.

    What a training that was killed has fitted is kept until a version is registered; customers'
    baskets are not.

    Raises:
        ContractError: the landed history is too short.
    """
    chosen, seed = read_hyperparameters(), settings().seed
    kept = settings().training / "propensity" / f"as_of={as_of}"
    with tempfile.TemporaryDirectory() as folder:
        histories = write_histories(as_of, chosen.categories, chosen.baskets, Path(folder))
        result = backtest(histories, chosen, seed, kept)
        trained = fit(histories, EVERYTHING, chosen, seed, kept, passes=result.fit.passes)
        few, _ = next(customers(histories, chosen.model_copy(update={"batch": EXAMPLES})))
        candidate = Candidate(
            as_of=as_of,
            customers=histories.customers,
            fit=trained,
            backtest=result,
            checks=checks(trained.model, histories, chosen)
            | {"data_changed": float(fingerprint(as_of) != histories.inputs)},
            comparison=compare(result.fit.model, histories, chosen, seed, Path(folder) / "rival"),
            inputs=histories.inputs,
            hyperparameters=chosen,
            example=at_origins(histories, few, np.array([-1])),
        )
        version = register(candidate)
    shutil.rmtree(kept)
    return version
