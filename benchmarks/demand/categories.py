"""Forecasts of categories: the products' own, added up."""

import numpy as np
import pandas as pd

from ml.demand.data.lifts import surprises
from ml.demand.data.panel import Panel
from ml.demand.evaluation.backtest import HORIZON, Forecast, measures
from ml.demand.forecasting.hierarchy import add_up, correlation


def category_score(panel: Panel, forecast: Forecast, seed: int) -> dict[str, float | str]:
    """Every metric of a forecast's categories, each with all its products of the panel."""
    origin, categories = forecast.origin, panel.products["category"]
    seen = panel.until(origin)
    together = correlation(surprises(seen), categories)
    sums = add_up(forecast.mean, forecast.quantiles, categories, together, seed)
    codes = pd.factorize(categories, sort=True)[0]
    units = np.zeros((len(sums.categories), origin + HORIZON))
    np.add.at(units, codes, panel.units[:, : origin + HORIZON])
    started = np.cumsum(units[:, :origin], axis=1) > 0
    scores = measures(units, started, sums.category_mean, sums.category_quantiles)
    return {"method": forecast.method, **scores}
