"""Rolling-origin backtest of the demand model against seasonal naive and naive.

    python -m ml.demand.evaluation.backtest --as-of 2017-12-25 [--products 2000]

Three origins, four weeks apart, four weeks ahead; the last one's target is the last four
complete weeks before the as-of date. Products are ranked on sales before the first
origin, a model is trained at each origin on what lies before it, and promotions and
prices of the weeks ahead are known, as they are when a plan is made. Quantiles are
calibrated on the forecasts of earlier origins only. The weeks before the first origin are
held out of one more fit, which says how many steps to train and starts that calibration.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from time import perf_counter

import numpy as np
import pandas as pd
from scipy import stats

from ml import commands
from ml.demand.data.covariates import covariates
from ml.demand.data.panel import Panel, read_panel
from ml.demand.evaluation import metrics
from ml.demand.evaluation.quantiles import calibrated_scale, quantiles
from ml.demand.fitting.early_stopping import hold_out
from ml.demand.fitting.fit import DemandFitting, fit, predict
from ml.demand.network.structured import StructuredDemand
from ml.errors import ContractError
from ml.settings import settings

log = logging.getLogger(__name__)

HORIZON = 4
SEASON = 4
ORIGINS = 3
LEAST_HISTORY = 8  # weeks before the first origin
LARGEST = 500
OURS = "structured_lstm"


@dataclass(frozen=True)
class Forecast:
    """One method's forecasts at one origin; the panel's rows in order.

    `seconds` is what fitting and predicting took, on the panel's products.
    """

    method: str
    origin: int
    mean: np.ndarray
    quantiles: np.ndarray
    seconds: float = 0.0


@dataclass(frozen=True)
class Backtest:
    """`scores` has a row per origin, method and number of products; `models` one per origin.

    `steps` were chosen, and `size_scale` starts, on the weeks before the first origin.
    """

    panel: Panel
    forecasts: list[Forecast]
    scores: pd.DataFrame
    size_scale: float
    models: dict[int, StructuredDemand] = field(default_factory=dict)
    steps: int = 0

    def summary(self) -> pd.DataFrame:
        """Scores averaged over the origins, by products and method."""
        means = self.scores.drop(columns="origin").groupby(["products", "method"], sort=True)
        return means.mean()


def backtest(as_of: date, products: int, fitting: DemandFitting) -> Backtest:
    """Train for at most `fitting.steps` and score at each origin.

    Raises:
        ContractError: the marts hold too few weeks for a single origin.
    """
    panel = read_panel(as_of, products)
    origins = rolling_origins(len(panel.weeks))
    panel = read_panel(as_of, products, ranked_before=panel.weeks[origins[0]].item())
    inputs = covariates(panel)
    results: list[Forecast] = []
    models: dict[int, StructuredDemand] = {}
    past: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    scale, started = 1.0, perf_counter()
    if held_out := hold_out(panel, origins[0], replace(fitting, horizon=HORIZON)):
        fitting = replace(fitting, steps=held_out.steps)
        past = [(held_out.units, held_out.mean, held_out.dispersion)]
        scale = calibrated_scale(*past[0])
    for origin in origins:
        model = models[origin] = fit(panel, origin, fitting).model
        mean, dispersion = (part[:, :HORIZON] for part in predict(model, panel, inputs, origin))
        levels = quantiles(mean, dispersion * scale)
        results.append(Forecast(OURS, origin, mean, levels, perf_counter() - started))
        results += list(naive_forecasts(panel.until(origin), origin))
        past.append((panel.demand[:, origin : origin + HORIZON], mean, dispersion))
        scale = calibrated_scale(*(np.concatenate(part) for part in zip(*past, strict=True)))
        started = perf_counter()
        log.info("backtest: origin %s scored, dispersion scale %.2f", panel.weeks[origin], scale)
    sizes_scored = sorted({min(LARGEST, len(panel.products)), len(panel.products)})
    scores = pd.DataFrame([score(panel, f, n) for f in results for n in sizes_scored])
    return Backtest(panel, results, scores, scale, models, fitting.steps)


def rolling_origins(weeks: int) -> list[int]:
    """Numbers of weeks before each origin, the last `HORIZON` weeks before the end."""
    origins = [weeks - HORIZON * k for k in range(ORIGINS, 0, -1)]
    usable = [origin for origin in origins if origin >= LEAST_HISTORY]
    if not usable:
        raise ContractError(
            f"{weeks} complete weeks of sales: a backtest needs at least "
            f"{LEAST_HISTORY + HORIZON}; land more history"
        )
    return usable


def naive_forecasts(past: Panel, origin: int) -> Iterator[Forecast]:
    """Repeat the last season, or the last week, with normal errors of its own size."""
    ahead = np.arange(HORIZON)
    for method, lag, growth in (
        ("seasonal_naive", SEASON, 1 + ahead // SEASON),
        ("naive", 1, ahead + 1),
    ):
        mean = past.unconstrained[:, origin - lag + ahead % lag]
        both = past.is_demand[:, lag:] & past.is_demand[:, :-lag]
        errors = (past.units[:, lag:] - past.units[:, :-lag]) * both
        sd = np.sqrt((errors**2).sum(axis=1) / np.maximum(both.sum(axis=1), 1))
        spread = sd[:, None] * np.sqrt(growth)
        normal = stats.norm.ppf(metrics.LEVELS)[:, None, None]
        yield Forecast(method, origin, mean, np.maximum(mean + normal * spread, 0.0))


def score(panel: Panel, forecast: Forecast, products: int) -> dict[str, float | str]:
    """Every metric of one forecast on the panel's largest `products`."""
    origin, rows = forecast.origin, slice(products)
    metric_values = measures(
        panel.demand[rows, : origin + HORIZON],
        panel.is_demand[rows, :origin],
        forecast.mean[rows],
        forecast.quantiles[:, rows],
    )
    origin_week = str(panel.weeks[origin])
    return {"origin": origin_week, "method": forecast.method, "products": products, **metric_values}


def measures(
    units: np.ndarray, is_demand: np.ndarray, mean: np.ndarray, levels: np.ndarray
) -> dict[str, float]:
    """Every metric of `mean` and `levels`; `units` are the past's and then the weeks' ahead.

    `is_demand` (N, W): the past weeks in which units were what was wanted.
    """
    past, ahead = np.split(units, [is_demand.shape[1]], axis=1)
    return {
        "wape": metrics.wape(ahead, mean),
        "mase": metrics.mase(ahead, mean, metrics.naive_scale(past, is_demand, 1)),
        "rmsse": metrics.rmsse(ahead, mean, metrics.naive_scale(past, is_demand, 2)),
        "wql": metrics.weighted_quantile_loss(ahead, levels),
        "bias": metrics.bias(ahead, mean),
        "cov80": metrics.coverage(ahead, levels),
        "wape_median": metrics.wape_median(ahead, levels),
        "wape_sold": metrics.wape_sold(ahead, mean),
        "wql_sold": metrics.weighted_quantile_loss_sold(ahead, levels),
    }


def main() -> None:
    """Print the backtest's table on the lake's marts."""
    parser = commands.parser(main.__doc__)
    commands.add_as_of(parser)
    parser.add_argument("--products", type=int, default=settings().demand_products)
    parser.add_argument("--steps", type=int, default=settings().demand_steps)
    given = parser.parse_args()
    commands.log_to_terminal()
    fitting = DemandFitting(settings().horizon_weeks + 1, given.steps, settings().seed)
    result = backtest(given.as_of, given.products, fitting)
    table = result.summary().round(4).to_string()
    print(table)  # noqa: T201  the command's result


if __name__ == "__main__":
    main()
