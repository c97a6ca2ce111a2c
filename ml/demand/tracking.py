"""Log a demand model to MLflow with what a reviewer needs, and register it."""

import logging
import tempfile
from dataclasses import dataclass
from datetime import date
from string import Template

import matplotlib as mpl
import mlflow
import mlflow.keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.models import infer_signature

from ml import lake, registry
from ml.demand.backtest import HORIZON, LARGEST, Backtest
from ml.demand.fitting import Fit
from ml.demand.metrics import LEVELS
from ml.demand.windows import Panel, covariates, window
from ml.settings import PROJECT, settings

log = logging.getLogger(__name__)

METHOD, REFERENCE = "structured_lstm", "seasonal_naive"
CARD = PROJECT / "mlflow" / "model_card.md"
EXAMPLES = 4


@dataclass(frozen=True)
class Candidate:
    """A model and what is known of it."""

    as_of: date
    panel: Panel
    fit: Fit
    backtest: Backtest
    responses: pd.DataFrame
    checks: dict[str, float]
    fingerprint: dict[str, str]


def register(name: str, candidate: Candidate) -> str:
    """Log a run in the experiment `name`, register its model as challenger; its version."""
    client = registry.client()
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name=f"{name} {candidate.as_of}") as run:
        mlflow.log_params(parameters(candidate))
        mlflow.log_metrics(measures(candidate))
        _log_origins(candidate.backtest)
        mlflow.set_tags({f"data.{table}": h for table, h in candidate.fingerprint.items()})
        mlflow.set_tags({"as_of": str(candidate.as_of), "code_version": lake.code_version()})
        mlflow.log_text(card(candidate), "model_card.md")
        mlflow.log_text(candidate.backtest.scores.to_csv(index=False), "backtest.csv")
        for title, figure in figures(candidate).items():
            mlflow.log_figure(figure, f"plots/{title}.png")
        version = _log_model(name, candidate, run.info.run_id)
    client.set_registered_model_alias(name, registry.CHALLENGER, version)
    client.update_model_version(name, version, description=card(candidate))
    log.info("registered %s version %s as %s", name, version, registry.CHALLENGER)
    return version


def _log_model(name: str, candidate: Candidate, run_id: str) -> str:
    """Log the .keras file with signature and example; only Keras and TensorFlow load it.

    Saved to a folder first: `mlflow.keras.log_model` cannot write an input example, because
    it does so before it makes its folder.
    """
    model, panel = candidate.fit.model, candidate.panel.head(EXAMPLES)
    weeks = len(panel.weeks)
    example = window(panel, covariates(panel, model.horizon), weeks, model.horizon)
    example["codes"] = model.codes(panel.products)
    with tempfile.TemporaryDirectory() as folder:
        mlflow.keras.save_model(
            model,
            folder,
            signature=infer_signature(example, model.predict(example, verbose=0)),
            input_example=example,
            save_model_kwargs={"include_optimizer": False},
            pip_requirements=["keras", "tensorflow", "promoloop"],
        )
        mlflow.log_artifacts(folder, "model")
    return str(mlflow.register_model(f"runs:/{run_id}/model", name).version)


def parameters(candidate: Candidate) -> dict[str, object]:
    model = candidate.fit.model
    return {
        "as_of": candidate.as_of,
        "products": len(candidate.panel.products),
        "weeks": len(candidate.panel.weeks),
        "horizon": model.horizon,
        "width": model.width,
        "size_scale": round(model.size_scale, 4),
        "steps": settings().demand_steps,
        "seed": settings().seed,
    }


def measures(candidate: Candidate) -> dict[str, float]:
    """What the gates read: scores on the largest products, elasticities, checks."""
    summary = candidate.backtest.summary()
    largest = summary.index.get_level_values("products").min()
    ours, reference = summary.loc[(largest, METHOD)], summary.loc[(largest, REFERENCE)]
    everything = summary.loc[(summary.index.get_level_values("products").max(), METHOD)]
    elasticity = candidate.responses["elasticity"]
    return {
        **{str(metric): float(value) for metric, value in ours.items()},
        **{f"all.{metric}": float(value) for metric, value in everything.items()},
        **{f"seasonal_naive.{metric}": float(value) for metric, value in reference.items()},
        "wape_over_seasonal_naive": float(ours["wape"] / reference["wape"]),
        "elasticity_median": float(elasticity.median()),
        "positive_elasticities": float((elasticity > 0).sum()),
        "price_identified": float(candidate.responses["price_identified"].mean()),
        **candidate.checks,
    }


def _log_origins(backtest: Backtest) -> None:
    """Each origin's metrics as a step, `<method>.<products>.<metric>`."""
    for step, (_, scores) in enumerate(backtest.scores.groupby("origin", sort=True)):
        for row in scores.to_dict("records"):
            prefix = f"{row.pop('method')}.{row.pop('products')}."
            row.pop("origin")
            mlflow.log_metrics({prefix + str(k): float(v) for k, v in row.items()}, step=step)


def card(candidate: Candidate) -> str:
    """The model card, from `mlflow/model_card.md`."""
    answers, weeks = candidate.responses, candidate.panel.weeks
    low, high = answers["elasticity"].quantile([0.05, 0.95])
    scores = candidate.backtest.summary().round(3).reset_index()
    return Template(CARD.read_text()).substitute(
        parameters(candidate),
        first_week=weeks[0],
        last_week=weeks[-1],
        fingerprint=", ".join(f"{t} {h[:12]}" for t, h in candidate.fingerprint.items()),
        code_version=lake.code_version(),
        origins=candidate.backtest.scores["origin"].nunique(),
        scores=markdown(scores),
        elasticity_median=f"{answers['elasticity'].median():.2f}",
        elasticity_low=f"{low:.2f}",
        elasticity_high=f"{high:.2f}",
        identified=f"{answers['price_identified'].mean():.0%}",
        display_median=f"{answers['display_lift'].median():+.2f}",
        mailer_median=f"{answers['mailer_lift'].median():+.2f}",
    )


def markdown(frame: pd.DataFrame) -> str:
    lines = [list(map(str, frame.columns)), ["---"] * frame.shape[1]]
    lines += [list(map(str, row)) for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figures(candidate: Candidate) -> dict[str, Figure]:
    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False}):
        return {
            "loss": _loss(candidate.fit.losses),
            "elasticity": _elasticity(candidate.responses),
            "calibration": _calibration(candidate.backtest),
            "fans": _fans(candidate.backtest),
        }


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
        if f.method == METHOD:
            units = backtest.panel.units[:LARGEST, f.origin : f.origin + HORIZON]
            share = (units <= f.quantiles[:, :LARGEST]).mean(axis=(1, 2))
            axes.plot(LEVELS, share, marker="o", label=str(backtest.panel.weeks[f.origin]))
    axes.set(xlabel="quantile", ylabel="share of weeks at or below it")
    axes.legend(title="from")
    return figure


def _fans(backtest: Backtest, count: int = 6) -> Figure:
    """The largest products' history and the last origin's forecast."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    panel = backtest.panel
    forecast = next(f for f in reversed(backtest.forecasts) if f.method == METHOD)
    ahead = np.arange(forecast.origin, forecast.origin + HORIZON)
    for row, axes in enumerate(figure.subplots(2, count // 2).ravel()[: len(panel.products)]):
        axes.plot(panel.units[row], color="black", linewidth=1)
        axes.fill_between(ahead, *forecast.quantiles[[0, -1], row], alpha=0.3)
        axes.plot(ahead, forecast.mean[row])
        axes.set_title(panel.products["subcategory"].iloc[row], fontsize=9)
    figure.supxlabel("week")
    figure.supylabel("units")
    return figure
