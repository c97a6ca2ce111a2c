"""What a trained demand model must never do: look ahead, break under absurd prices, be too slow."""

import time
from dataclasses import replace

import numpy as np

from ml.demand.data.covariates import covariates, window
from ml.demand.data.panel import Panel
from ml.demand.fitting.fit import predict
from ml.demand.network.structured import StructuredDemand

EXTREMES = (0.001, 0.1, 10.0, 1000.0)  # times the regular price


def largest_move(model: StructuredDemand, panel: Panel) -> float:
    """How far any forecast moves when the sales of the weeks after it are changed.

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
    covariate_arrays = covariates(panel, model.horizon)
    broken = 0
    for factor in EXTREMES:
        absurd = covariate_arrays["effects"].copy()
        absurd[:, len(panel.weeks) :, :2] = np.log(factor)
        logs = everywhere(model, panel, covariate_arrays | {"effects": absurd})
        broken += int((~np.isfinite(np.exp(logs))).sum())
    return broken


def forecast_seconds(model: StructuredDemand, panel: Panel) -> float:
    """What one forecast of every product takes on this machine, from the panel's last week."""
    covariate_arrays = covariates(panel, model.horizon)
    started = time.perf_counter()
    predict(model, panel, covariate_arrays, len(panel.weeks))
    return time.perf_counter() - started


def everywhere(
    model: StructuredDemand, panel: Panel, covariate_arrays: dict[str, np.ndarray]
) -> np.ndarray:
    """(N, W, horizon, 2) log mean and log dispersion from every week."""
    inputs = window(panel, covariate_arrays, len(panel.weeks), model.horizon)
    inputs["codes"] = model.codes(panel.products)
    return model.predict(inputs, batch_size=500, verbose=0)
