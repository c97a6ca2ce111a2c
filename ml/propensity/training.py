"""Train the next version of the propensity model, check it, and register it as challenger."""

import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from ml.models.register import register
from ml.propensity import NAME
from ml.propensity.backtest import EVERYTHING, backtest
from ml.propensity.checks import checks
from ml.propensity.comparison import compare
from ml.propensity.examples import at_origins, customers
from ml.propensity.fitting import PropensityFitting, fit
from ml.propensity.histories import fingerprint, write_histories
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.propensity.tracking import PropensityCandidate, registration
from ml.settings import settings

EXAMPLES = 2  # customers in the version's example


def train_challenger(as_of: date) -> str:
    """Backtest, fit on everything before `as_of`, register; the new version.

    A training that was killed resumes; its progress is deleted once a version is registered, and
    customers' baskets in any case.

    Raises:
        ContractError: the landed history is too short.
    """
    chosen, seed = PropensityHyperparameters.read(), settings().seed
    progress = settings().training / NAME / f"as_of={as_of}"
    fitting = PropensityFitting(chosen, seed, progress)
    with tempfile.TemporaryDirectory() as folder:
        histories = write_histories(as_of, chosen.categories, chosen.baskets, Path(folder))
        result = backtest(histories, fitting)
        trained = fit(histories, EVERYTHING, replace(fitting, passes=result.fit.passes))
        few, _ = next(customers(histories, chosen.model_copy(update={"batch": EXAMPLES})))
        candidate = PropensityCandidate(
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
        version = register(registration(candidate))
    shutil.rmtree(progress)
    return version
