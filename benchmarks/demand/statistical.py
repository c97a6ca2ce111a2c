"""Statistical peers of each series alone: AutoTheta and TSB, by statsforecast.

The library is of the dependency group `bench`, and imported where it is needed.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from ml.demand.data.panel import Panel
from ml.demand.evaluation.metrics import LEVELS

if TYPE_CHECKING:
    from statsforecast import StatsForecast

Known = dict[str, np.ndarray]  # planned covariates, which these methods cannot use

SMOOTHING = 0.2
CENTRAL = (80, 60, 40, 20)  # percent: their ends and the point forecast are the nine levels


def auto_theta(seen: Panel, known: Known, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """The best of four Theta models for each product, with the model's own intervals.

    Returns:
        mean (N, horizon) and quantiles (9, N, horizon), at least 0.

    Source: Fiorucci et al. (2016), "Models for optimising the theta method".
    """
    from statsforecast.models import AutoTheta

    forecasts = _forecaster(AutoTheta(season_length=1)).forecast(
        df=_long(seen), h=horizon, level=list(CENTRAL)
    )
    mean = forecasts["AutoTheta"].to_numpy()
    low = [forecasts[f"AutoTheta-lo-{level}"] for level in CENTRAL]
    high = [forecasts[f"AutoTheta-hi-{level}"] for level in reversed(CENTRAL)]
    shape = (len(seen.products), horizon)
    levels = np.stack([*low, mean, *high]).reshape(-1, *shape)
    return np.maximum(mean.reshape(shape), 0.0), np.maximum(levels, 0.0)


def tsb(seen: Panel, known: Known, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Teunter-Syntetos-Babai smoothing, with normal errors of its one-step residuals' size.

    Returns:
        mean (N, horizon) and quantiles (9, N, horizon), at least 0.

    Source: Teunter, Syntetos and Babai (2011), "Intermittent demand: linking forecasting
    to inventory obsolescence".
    """
    from statsforecast.models import TSB

    forecaster = _forecaster(TSB(alpha_d=SMOOTHING, alpha_p=SMOOTHING))
    mean = forecaster.forecast(df=_long(seen), h=horizon, fitted=True)["TSB"].to_numpy()
    mean = np.maximum(mean.reshape(len(seen.products), horizon), 0.0)
    within = forecaster.forecast_fitted_values()
    square = ((within["y"] - within["TSB"]) ** 2).groupby(within["unique_id"], sort=True).mean()
    normal = stats.norm.ppf(LEVELS)[:, None, None]
    spread = np.sqrt(square.to_numpy())[:, None]
    return mean, np.maximum(mean + normal * spread, 0.0)


def _forecaster(model: object) -> "StatsForecast":
    from statsforecast import StatsForecast

    return StatsForecast(models=[model], freq=1, n_jobs=1)


def _long(seen: Panel) -> pd.DataFrame:
    """A row per product and week on sale; ids are row numbers, so that order is kept."""
    row, week = np.nonzero(seen.started)
    return pd.DataFrame({"unique_id": row, "ds": week, "y": seen.units[row, week]})
