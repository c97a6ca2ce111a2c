"""LightGBM, direct: one Tweedie model of the mean and one of each quantile, h = 1..H pooled.

It is trained on the same products and reads the same planned prices, display, mailer,
category intensity and holidays as our model. The settings were chosen on forecasts from
weeks 32 and 36, before the backtest's first origin.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import lightgbm as lgb
import numpy as np
import pandas as pd

from benchmarks.demand.features import CATEGORICAL, design, past_features, plain
from ml.demand.data.lifts import pooled_lift
from ml.demand.data.panel import Panel
from ml.demand.evaluation.metrics import LEVELS

MODELS_AT_ONCE = 2  # one thread each: faster here than two threads a model
FIRST_ORIGIN = 8  # weeks of history below which no training row is made
SHARED = {
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "max_bin": 127,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "cat_smooth": 50,
}
MEAN = SHARED | {
    "objective": "tweedie",
    "tweedie_variance_power": 1.5,
    "learning_rate": 0.06,
    "num_leaves": 63,
    "min_data_in_leaf": 100,
}
MEAN_TREES = 600
QUANTILE = SHARED | {
    "objective": "quantile",
    "learning_rate": 0.1,
    "num_leaves": 63,
    "min_data_in_leaf": 100,
}
QUANTILE_TREES = 300


def lightgbm_plain(
    seen: Panel, known: dict[str, np.ndarray], horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `lightgbm_direct`, without the features that something of our model goes into."""
    return lightgbm_direct(seen, known, horizon, plain_features=True)


def lightgbm_direct(
    seen: Panel, known: dict[str, np.ndarray], horizon: int, plain_features: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Forecast the `horizon` weeks after those seen.

    Args:
        seen: the weeks before the origin.
        known: the covariates of those weeks, the planned ones also of the `horizon` after them.
        horizon: weeks ahead.
        plain_features: read raw numbers alone (`features.plain`).

    Returns:
        mean (N, horizon) and quantiles (9, N, horizon), sorted and at least 0.
    """
    origin = len(seen.weeks)
    effects = seen.realised
    lift = pooled_lift(seen)
    past = past_features(seen, effects, known["history"], lift)
    weeks, ahead = np.arange(FIRST_ORIGIN, origin), np.arange(1, horizon + 1)
    rows = design(past, known, seen, weeks, ahead, lift)
    if plain_features:
        rows = plain(rows, len(seen.products))
    target = weeks[:, None] + ahead
    units = seen.units[:, np.minimum(target, origin - 1)].ravel()
    in_stock = seen.in_stock[:, np.minimum(target, origin - 1)]
    usable = ((target < origin) & seen.started[:, weeks, None] & in_stock).ravel()
    now = np.arange(len(rows)).reshape(-1, len(weeks), horizon)[:, -1].ravel()
    return boosted(rows[usable], units[usable], rows.iloc[now], CATEGORICAL, horizon)


def boosted(
    rows: pd.DataFrame,
    units: np.ndarray,
    asked: pd.DataFrame,
    categorical: Sequence[str],
    horizon: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and quantiles of the rows `asked`, `horizon` of them a product.

    Quantiles are learnt of log1p(units): a quantile moves with a monotone transformation.
    """

    def trained(level: float | None) -> np.ndarray:
        settings, trees = (MEAN, MEAN_TREES) if level is None else (QUANTILE, QUANTILE_TREES)
        target = units if level is None else np.log1p(units)
        data = lgb.Dataset(rows, target, categorical_feature=list(categorical))
        own = {"num_threads": 1} | ({} if level is None else {"alpha": level})
        predicted = np.asarray(lgb.train(settings | own, data, trees).predict(asked, num_threads=1))
        return predicted if level is None else np.maximum(np.expm1(predicted), 0.0)

    with ThreadPoolExecutor(MODELS_AT_ONCE) as pool:
        mean, *levels = pool.map(trained, [None, *LEVELS])
    return mean.reshape(-1, horizon), np.sort(levels, axis=0).reshape(len(LEVELS), -1, horizon)
