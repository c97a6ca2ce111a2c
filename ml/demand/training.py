"""Train the next version of the demand model, check it, and register it as challenger."""

import logging
import shutil
from datetime import date

from ml.demand.data.panel import read_panel
from ml.demand.evaluation.backtest import HORIZON, backtest
from ml.demand.evaluation.checks import forecast_seconds, largest_move, nonfinite_at_extremes
from ml.demand.evaluation.comparison import compare
from ml.demand.fitting.fit import fit
from ml.demand.forecast import NAME, fingerprint
from ml.demand.forecasting.explanations import importances
from ml.demand.forecasting.responses import responses
from ml.demand.network.hyperparameters import read_hyperparameters
from ml.demand.tracking import Candidate, Start, register
from ml.errors import GateError
from ml.models import registry
from ml.models.cards import size_mb
from ml.settings import settings

log = logging.getLogger(__name__)

LONGEST_CHAIN = 4


def train_challenger(as_of: date) -> str:
    """Backtest, fit on everything before `as_of`, register; the new version.

    What a training that was killed has fitted is kept until a version is registered.

    Raises:
        ContractError: the marts hold too little history to train and backtest on.
    """
    steps, seed, products = settings().demand_steps, settings().seed, settings().demand_products
    horizon = max(HORIZON, settings().horizon_weeks + 1)  # a week more, for runs within a week
    kept = settings().training / f"as_of={as_of}"
    result = backtest(as_of, products, horizon, steps, seed, kept)
    read, panel = fingerprint(as_of), read_panel(as_of, products)
    rival = registry.champion(NAME)
    start = starting_point(rival, as_of) if rival else None
    earlier = start.model if start else None
    weeks, chosen = len(panel.weeks), read_hyperparameters()
    trained = fit(panel, weeks, horizon, result.steps, seed, earlier, chosen, kept)
    trained.model.size_scale = result.size_scale
    candidate = Candidate(
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
        comparison=compare(NAME, rival, result, seed) if rival else None,
        hyperparameters=chosen,
        start=start if trained.warm else None,
    )
    version = register(NAME, candidate)
    shutil.rmtree(kept)
    return version


def starting_point(champion: str, as_of: date) -> Start | None:
    """The champion as the start of a training; None where one from scratch is due.

    That is when it does not load, was trained on what lies at or after `as_of`, or ends a chain of
    `LONGEST_CHAIN` trainings that each started from the one before: each sees old weeks once more.
    """
    told = registry.parameters(NAME, champion)
    links = int(told.get("chain", 0)) + 1
    if links > LONGEST_CHAIN or date.fromisoformat(told["as_of"]) > as_of:
        return None
    try:
        return Start(champion, links, registry.load(NAME, champion))
    except GateError as error:
        log.warning("training from scratch: %s", error)
        return None
