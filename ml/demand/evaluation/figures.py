"""What a reviewer looks at before a demand model: one figure a question."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ml.demand.evaluation.backtest import HORIZON, LARGEST, OURS, Backtest, Forecast
from ml.demand.evaluation.metrics import LEVELS, wape


def figures(
    losses: list[float],
    answers: pd.DataFrame,
    backtest: Backtest,
    importances: dict[str, float],
) -> dict[str, Figure]:
    """By title: training loss, elasticities, calibration, errors, importances, forecasts."""
    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False}):
        return {
            "loss": _loss(losses),
            "elasticity": _elasticity(answers),
            "calibration": _calibration(backtest),
            "errors": _errors(backtest),
            "importance": _importance(importances),
            "fans": _fans(backtest),
        }


def _errors(backtest: Backtest) -> Figure:
    """WAPE by weeks ahead for each method, and by how much a product sells for ours."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    ahead, volume = figure.subplots(1, 2)
    for method in sorted({f.method for f in backtest.forecasts}):
        of_method = [f for f in backtest.forecasts if f.method == method]
        units = np.stack([_units(backtest, f) for f in of_method])
        means = np.stack([f.mean for f in of_method])
        errors = [wape(units[..., h], means[..., h]) for h in range(HORIZON)]
        ahead.plot(range(1, HORIZON + 1), errors, marker="o", label=method)
        if method == OURS:
            volume.boxplot(*_by_volume(units, means), showfliers=False)
    ahead.set(xlabel="weeks ahead", ylabel="WAPE", xticks=range(1, HORIZON + 1), ylim=(0, None))
    ahead.legend()
    volume.set(xlabel="products by sales, largest tenth first", ylabel="WAPE of a product")
    return figure


def _by_volume(units: np.ndarray, means: np.ndarray) -> tuple[list[np.ndarray]]:
    """Each product's own WAPE, in tenths of the products, largest sales first."""
    sold = np.nansum(units, axis=(0, 2))
    own = np.nansum(np.abs(units - means), axis=(0, 2)) / np.maximum(sold, 1.0)
    return ([part for part in np.array_split(own, 10) if len(part)],)


def _importance(importances: dict[str, float]) -> Figure:
    figure = Figure(figsize=(10, 4), layout="constrained")
    labels = {
        "contribution": "mean absolute contribution, log units",
        "occlusion": "WAPE added when it is replaced by its mean",
    }
    for (kind, words), axes in zip(labels.items(), figure.subplots(1, 2), strict=True):
        shares = {
            name.partition(".")[2].replace("_", " "): value
            for name, value in importances.items()
            if name.startswith(f"{kind}.")
        }
        names = sorted(shares, key=lambda name: (shares[name], name))
        axes.barh(names, [shares[name] for name in names])
        axes.set(xlabel=words)
    return figure


def _units(backtest: Backtest, forecast: Forecast) -> np.ndarray:
    return backtest.panel.demand[:, forecast.origin : forecast.origin + HORIZON]


def _loss(losses: list[float]) -> Figure:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses)
    axes.set(xlabel="epoch", ylabel="negative log likelihood plus priors")
    return figure


def _elasticity(answers: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    groups = answers.groupby("price_identified")["elasticity"]
    labels = {True: "identified by data", False: "mostly prior"}
    parts = {labels[bool(k)]: v for k, v in groups}
    axes.hist(list(parts.values()), bins=40, stacked=True, label=list(parts))
    axes.set(xlabel="price elasticity", ylabel="products")
    axes.legend()
    return figure


def _calibration(backtest: Backtest) -> Figure:
    """The share of units at or below each quantile, against its level."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    for f in backtest.forecasts:
        if f.method == OURS:
            units = _units(backtest, f)[:LARGEST]
            share = (units <= f.quantiles[:, :LARGEST]).mean(axis=(1, 2))
            axes.plot(LEVELS, share, marker="o", label=str(backtest.panel.weeks[f.origin]))
    axes.set(xlabel="quantile", ylabel="share of weeks at or below it")
    axes.legend(title="from")
    return figure


def _fans(backtest: Backtest, count: int = 6) -> Figure:
    """The largest products' history and the last origin's forecast."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    panel = backtest.panel
    forecast = next(f for f in reversed(backtest.forecasts) if f.method == OURS)
    ahead = np.arange(forecast.origin, forecast.origin + HORIZON)
    for row, axes in enumerate(figure.subplots(2, count // 2).ravel()[: len(panel.products)]):
        axes.plot(panel.units[row], color="black", linewidth=1)
        axes.fill_between(ahead, *forecast.quantiles[[0, -1], row], alpha=0.3)
        axes.plot(ahead, forecast.mean[row])
        axes.set_title(panel.products["subcategory"].iloc[row], fontsize=9)
    figure.supxlabel("week")
    figure.supylabel("units")
    return figure
