"""Products held out whole: what is forecast of a product nobody has seen sell."""

import logging

import numpy as np
import pandas as pd

from benchmarks.demand.boosting import boosted
from benchmarks.demand.features import CATEGORICAL
from ml.demand.data.covariates import CONTEXT, EFFECTS
from ml.demand.data.lifts import summed
from ml.demand.data.panel import Panel
from ml.demand.data.stockouts import LEVEL_WEEKS
from ml.demand.evaluation.backtest import HORIZON, OURS, Backtest, Forecast
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.forecasting import borrowed_level
from ml.demand.forecasting.new_products import held_out, level_sd_share, unseen

log = logging.getLogger(__name__)

FIRST_WEEK = 8


def cold_forecasts(
    result: Backtest, known: dict[str, np.ndarray], seed: int
) -> tuple[Panel, list[Forecast]]:
    """Ours and LightGBM's forecasts of products held out, trained on the others.

    At the backtest's last origin, with its steps; its calibration knows the weeks after.

    Returns:
        The panel of the products held out, and the forecasts, whose rows are its own.
    """
    panel, origin = result.panel, max(f.origin for f in result.forecasts)
    new = held_out(panel.products, seed)
    forecasts = [
        Forecast(OURS, origin, *structured(result, new, origin, seed)),
        Forecast("lightgbm", origin, *boosted_without_history(panel, known, new, origin)),
    ]
    log.info("cold: %d products held out of %d", new.sum(), len(new))
    return panel.rows(new), forecasts


def structured(
    result: Backtest, new: np.ndarray, origin: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and quantiles of the rows `new` by a model trained on the others.

    How far apart the quantiles are is chosen where some of those others are forecast as if they
    were new, from an earlier origin.
    """
    panel, others = result.panel, result.panel.rows(~new)
    model = fit(others, origin, DemandFitting(HORIZON, result.steps, seed)).model
    mean, size, sd = unseen(model, panel, new, origin, by_plan=True)
    sd = sd * level_sd_share(model, others, origin, seed, by_plan=True)
    return mean, quantiles(mean, borrowed_level.widened(size, sd))


def boosted_without_history(
    panel: Panel, known: dict[str, np.ndarray], new: np.ndarray, origin: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and quantiles of the rows `new` by LightGBM on groups, their means, price and plan.

    It is trained on the other products, each as if its own history were unknown.
    """
    weeks, ahead = np.arange(FIRST_WEEK, origin), np.arange(1, HORIZON + 1)
    rows = content(panel, known, new, weeks, ahead)
    target = weeks[:, None] + ahead
    units = panel.units[:, np.minimum(target, origin - 1)]
    usable = (target < origin)[None] & panel.started[:, weeks, None] & ~new[:, None, None]
    asked = np.zeros_like(usable)
    asked[new, -1] = True
    return boosted(rows[usable.ravel()], units[usable], rows[asked.ravel()], CATEGORICAL, HORIZON)


def content(
    panel: Panel,
    known: dict[str, np.ndarray],
    new: np.ndarray,
    weeks: np.ndarray,
    ahead: np.ndarray,
) -> pd.DataFrame:
    """A row per (product, week, weeks ahead) of what is known of a product that never sold."""
    shape = (len(panel.products), len(weeks), len(ahead))
    target = weeks[:, None] + ahead

    def spread(grid: np.ndarray) -> np.ndarray:
        return np.broadcast_to(grid, shape).astype("float32").ravel()

    price = np.log(panel.regular_price[:, target])
    columns = {"regular_price": spread(price), "ahead": spread(ahead)}
    for group in CATEGORICAL:
        codes = pd.factorize(panel.products[group], sort=True)[0]
        columns[group] = spread(codes[:, None, None])
        mean = others_mean(panel, codes, new)
        columns[f"{group}_units"] = spread(mean[:, weeks, None])
    for name, values in (("effects", EFFECTS), ("context", CONTEXT)):
        for number, column in enumerate(values):
            if column != "regular":  # it is measured against the product's own past
                columns[f"{column}_planned"] = spread(known[name][:, target, number])
    return pd.DataFrame(columns, copy=False)


def others_mean(panel: Panel, codes: np.ndarray, new: np.ndarray) -> np.ndarray:
    """(N, W) units a week of a group's other products with history, over the last weeks."""
    there = panel.started * ~new[:, None]
    units = summed(panel.units * there, LEVEL_WEEKS)
    weeks = summed(there.astype(float), LEVEL_WEEKS)
    total = np.zeros((codes.max() + 1, panel.units.shape[1]))
    count = np.zeros_like(total)
    np.add.at(total, codes, units)
    np.add.at(count, codes, weeks)
    left = count[codes] - weeks
    return np.where(left > 0, (total[codes] - units) / np.maximum(left, 1), np.nan)
