"""Train the next version of the demand model, check it, and register it as challenger."""

import logging
from dataclasses import replace
from datetime import date

import numpy as np

from ml.demand.backtest import HORIZON, backtest
from ml.demand.fitting import fit
from ml.demand.forecast import NAME, fingerprint
from ml.demand.model import StructuredDemand
from ml.demand.response import responses
from ml.demand.tracking import Candidate, register
from ml.demand.windows import Panel, covariates, read_panel, window
from ml.settings import settings

log = logging.getLogger(__name__)

EXTREMES = (0.001, 0.1, 10.0, 1000.0)  # times the regular price


def train_challenger(as_of: date) -> str:
    """Backtest, fit on everything before `as_of`, register; the new version.

    Raises:
        ContractError: the marts hold too little history to train and backtest on.
    """
    steps, seed, products = settings().demand_steps, settings().seed, settings().demand_products
    horizon = max(HORIZON, settings().horizon_weeks + 1)  # a week more, for runs within a week
    result = backtest(as_of, products, horizon, steps, seed)
    panel = read_panel(as_of, products)
    trained = fit(panel, len(panel.weeks), horizon, steps, seed)
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
        },
        fingerprint=fingerprint(as_of),
    )
    return register(NAME, candidate)


def largest_move(model: StructuredDemand, panel: Panel) -> float:
    """How far any forecast moves when the units of the weeks after it are changed.

    Forecasts are made from every week: those of the first half, before and after the
    second half's sales are multiplied. Anything but 0 is a leak.
    """
    half = len(panel.weeks) // 2
    units = panel.units.copy()
    units[:, half:] = 3 * units[:, half:] + 100
    changed = replace(panel, units=units)
    before, after = (everywhere(model, p, covariates(p, model.horizon)) for p in (panel, changed))
    return float(np.abs(after[:, :half] - before[:, :half]).max())


def nonfinite_at_extremes(model: StructuredDemand, panel: Panel) -> int:
    """Forecasts that are not finite numbers when prices are absurd."""
    known = covariates(panel, model.horizon)
    broken = 0
    for factor in EXTREMES:
        absurd = known["effects"].copy()
        absurd[:, len(panel.weeks) :, :2] = np.log(factor)
        made = everywhere(model, panel, known | {"effects": absurd})
        broken += int((~np.isfinite(np.exp(made))).sum())
    return broken


def everywhere(model: StructuredDemand, panel: Panel, known: dict[str, np.ndarray]) -> np.ndarray:
    """(N, W, horizon, 2) log mean and log size from every week."""
    inputs = window(panel, known, len(panel.weeks), model.horizon)
    inputs["codes"] = model.codes(panel.products)
    return model.predict(inputs, batch_size=500, verbose=0)
