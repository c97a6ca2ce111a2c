"""Train the next version of the demand model, check it, and register it as challenger."""

import logging
import shutil
from dataclasses import replace
from datetime import date

from ml.demand.data.panel import read_panel
from ml.demand.evaluation.backtest import HORIZON, backtest
from ml.demand.evaluation.checks import forecast_seconds, largest_move, nonfinite_at_extremes
from ml.demand.evaluation.comparison import compare
from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.forecast import fingerprint
from ml.demand.forecasting.explanations import importances
from ml.demand.forecasting.responses import responses
from ml.demand.network import NAME
from ml.demand.network.loading import load
from ml.demand.tracking import DemandCandidate, WarmStart, registration
from ml.errors import GateError
from ml.models import registry
from ml.models.cards import size_mb
from ml.models.register import register
from ml.settings import settings

log = logging.getLogger(__name__)

LONGEST_CHAIN = 4


def train_challenger(as_of: date) -> str:
    """Backtest, fit on everything before `as_of`, register; the new version.

    A training that was killed resumes; its progress is deleted once a version is registered.

    Raises:
        ContractError: the marts hold too little history to train and backtest on.
    """
    products = settings().demand_products
    horizon = max(HORIZON, settings().horizon_weeks + 1)  # a week more, for runs within a week
    folder = settings().training / f"as_of={as_of}"
    fitting = DemandFitting(horizon, settings().demand_steps, settings().seed, folder=folder)
    result = backtest(as_of, products, fitting)
    read, panel = fingerprint(as_of), read_panel(as_of, products)
    start = starting_point(as_of)
    fitting = replace(fitting, steps=result.steps)
    trained = fit(panel, len(panel.weeks), fitting, start.model if start else None)
    trained.model.size_scale = result.size_scale
    candidate = DemandCandidate(
        as_of=as_of,
        panel=panel,
        fit=trained,
        backtest=result,
        responses=responses(trained.model, panel),
        checks={
            "leak_largest_move": largest_move(trained.model, panel),
            "extreme_nonfinite": float(nonfinite_at_extremes(trained.model, panel)),
            "data_changed": float(fingerprint(as_of) != read),
            "size_mb": size_mb(trained.model),
            "forecast_seconds": forecast_seconds(trained.model, panel),
        },
        fingerprint=read,
        importances=importances(trained.model, panel),
        comparison=compare(result, fitting.seed),
        hyperparameters=fitting.hyperparameters,
        start=start if trained.warm else None,
    )
    version = register(registration(candidate))
    shutil.rmtree(folder)
    return version


def starting_point(as_of: date) -> WarmStart | None:
    """The champion as the start of a training; None where one from scratch is due.

    That is when there is none, or it does not load, was trained on what lies at or after `as_of`,
    or ends a chain of `LONGEST_CHAIN` trainings that each started from the one before: each sees
    old weeks once more.
    """
    champion = registry.champion(NAME)
    if champion is None:
        return None
    parameters = registry.parameters(NAME, champion)
    links = int(parameters.get("chain", 0)) + 1
    if links > LONGEST_CHAIN or date.fromisoformat(parameters["as_of"]) > as_of:
        return None
    try:
        return WarmStart(champion, links, load(champion))
    except GateError as error:
        log.warning("training from scratch: %s", error)
        return None
