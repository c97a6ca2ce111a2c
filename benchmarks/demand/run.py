"""Every method on the same arrays: forecasts, scores, and how sure the differences are."""

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import date
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.demand.boosting import lightgbm_direct, lightgbm_plain
from benchmarks.demand.bootstrap import paired_difference
from benchmarks.demand.categories import category_score
from benchmarks.demand.cold import cold_forecasts
from benchmarks.demand.price_response import price_response
from benchmarks.demand.report import Report
from benchmarks.demand.statistical import auto_theta, tsb
from ml.demand.data.covariates import covariates
from ml.demand.data.panel import Panel
from ml.demand.evaluation import metrics
from ml.demand.evaluation.backtest import (
    HORIZON,
    LARGEST,
    OURS,
    Backtest,
    Forecast,
    backtest,
    score,
)
from ml.demand.fitting.fit import DemandFitting

log = logging.getLogger(__name__)

Method = Callable[[Panel, dict[str, np.ndarray], int], tuple[np.ndarray, np.ndarray]]
PEERS: dict[str, Method] = {
    "lightgbm": lightgbm_direct,
    "lightgbm_plain": lightgbm_plain,
    "auto_theta": auto_theta,
    "tsb": tsb,
}
REFERENCES = ("lightgbm", "lightgbm_plain")
NAIVE = "naive"
NAMES = {OURS: "lstm"}  # what the table calls what the backtest made
METHODS = ("lstm", *PEERS, "seasonal_naive")
COMPARED = ("wape", "wape_median", "wape_sold", "wql", "wql_sold")
POINTS = ("wape", "wape_median", "mase", "rmsse")
MEASURES = (*POINTS, "wql", "bias", "cov80", "wape_sold", "wql_sold")


def benchmark(
    as_of: date, products: int, steps: int, seed: int, skip: Collection[str] = ()
) -> Report:
    """Train, forecast and score every method on the marts of `as_of`."""
    result = backtest(as_of, products, DemandFitting(HORIZON, steps, seed))
    panel, known = result.panel, covariates(result.panel)
    forecasts = [f for f in result.forecasts if f.method != NAIVE]
    forecasts += peer_forecasts(result, known, skip)
    tables = {f"top{n}": product_table(panel, forecasts, n) for n in counted(panel)}
    sure = {
        (f"top{n}", reference): differences(panel, forecasts, reference, n, seed)
        for n in counted(panel)
        for reference in REFERENCES
    }
    tables["categories"] = category_table(panel, forecasts, seed)
    new, cold = cold_forecasts(result, known, seed)
    tables["cold"] = table([score(new, f, len(new.products)) for f in cold])
    first = min(result.models)
    return Report(tables, sure, price_response(result.models[first], panel, first))


def counted(panel: Panel) -> list[int]:
    """How many of the largest products the tables count: a part, then all."""
    return sorted({min(LARGEST, len(panel.products)), len(panel.products)})


def peer_forecasts(
    result: Backtest, known: dict[str, np.ndarray], skip: Collection[str]
) -> Iterator[Forecast]:
    """Each peer at each origin of the backtest; it is handed nothing sold after the origin."""
    for origin in sorted({f.origin for f in result.forecasts}):
        seen = result.panel.until(origin)
        ahead = known_at(known, origin)
        for name, method in PEERS.items():
            if name not in skip:
                began = perf_counter()
                mean, levels = method(seen, ahead, HORIZON)
                seconds = perf_counter() - began
                log.info("%s: origin %s, %.0f s", name, result.panel.weeks[origin], seconds)
                yield Forecast(name, origin, mean, levels, seconds)


def known_at(known: dict[str, np.ndarray], origin: int) -> dict[str, np.ndarray]:
    """What is known when the first `origin` weeks are over: the plan reaches further."""
    ends = {"effects": origin + HORIZON, "context": origin + HORIZON, "history": origin}
    return {name: known[name][:, :end] for name, end in ends.items()}


def product_table(panel: Panel, forecasts: list[Forecast], products: int) -> pd.DataFrame:
    """Measures on the largest `products`; `s` is always of all the panel's products."""
    return table([score(panel, f, products) | {"s": f.seconds} for f in forecasts])


def category_table(panel: Panel, forecasts: list[Forecast], seed: int) -> pd.DataFrame:
    """Measures on the categories, added up from the products."""
    summed = [f for f in forecasts if f.method in (OURS, *REFERENCES)]
    return table([category_score(panel, f, seed) for f in summed])


def table(rows: list[dict[str, float | str]]) -> pd.DataFrame:
    """A row per method: measures averaged over origins, seconds added."""
    grouped = pd.DataFrame(rows).replace({"method": NAMES}).groupby("method")
    means = grouped[list(MEASURES)].mean()
    if "s" in rows[0]:
        means["s"] = grouped["s"].sum()
    return means.reindex([method for method in METHODS if method in means.index])


def differences(
    panel: Panel, forecasts: list[Forecast], reference: str, products: int, seed: int
) -> pd.DataFrame:
    """Ours less the `reference` in WAPE and wQL, of all weeks and of sold weeks, with intervals."""
    rows = {
        measure: paired_difference(
            product_losses(panel, forecasts, OURS, measure, products),
            product_losses(panel, forecasts, reference, measure, products),
            product_units(panel, forecasts, products),
            seed,
        )
        for measure in COMPARED
    }
    return pd.DataFrame({m: vars(d) for m, d in rows.items()}).T


def product_units(panel: Panel, forecasts: list[Forecast], products: int) -> np.ndarray:
    """(origins, products) units of the weeks ahead."""
    origins = sorted({f.origin for f in forecasts})
    return np.stack([panel.units[:products, o : o + HORIZON].sum(axis=1) for o in origins])


def product_losses(
    panel: Panel, forecasts: list[Forecast], method: str, measure: str, products: int
) -> np.ndarray:
    """(origins, products) what `measure` sums up before it divides by the units."""
    losses = []
    for forecast in sorted((f for f in forecasts if f.method == method), key=lambda f: f.origin):
        units = panel.units[:products, forecast.origin : forecast.origin + HORIZON]
        loss = week_losses(forecast, units, measure)
        counted = units > 0 if measure.endswith("sold") else np.ones_like(units)
        losses.append((loss * counted).sum(axis=1))
    return np.stack(losses)


def week_losses(forecast: Forecast, units: np.ndarray, measure: str) -> np.ndarray:
    """(n, H) what `measure` sums up of the first n products' units."""
    levels = forecast.quantiles[:, : len(units)]
    if measure.startswith("wql"):
        return metrics.quantile_losses(units, levels)
    point = levels[metrics.MEDIAN] if measure == "wape_median" else forecast.mean[: len(units)]
    return np.abs(units - point)
