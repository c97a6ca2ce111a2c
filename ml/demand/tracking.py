"""Log a demand model to MLflow with what a reviewer needs, and register it."""

import logging
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template

import mlflow
import mlflow.keras
import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import Model, infer_signature

from ml import lake
from ml.demand.data.groups import numbered
from ml.demand.data.panel import Panel
from ml.demand.evaluation import metrics
from ml.demand.evaluation.backtest import HORIZON, OURS, Backtest
from ml.demand.evaluation.comparison import LOSSES, Comparison, losses
from ml.demand.evaluation.figures import figures
from ml.demand.fitting.fit import Fit
from ml.demand.network.hyperparameters import Hyperparameters
from ml.demand.network.structured import StructuredDemand
from ml.demand.pyfunc import NUMBERS, DemandForecaster, table_of
from ml.models import registry
from ml.models.cards import markdown
from ml.settings import PROJECT, settings

log = logging.getLogger(__name__)

REFERENCE = "seasonal_naive"
CARD = PROJECT / "mlflow" / "model_card.md"
EXAMPLES = 4


@dataclass(frozen=True)
class Start:
    """The version a training started from; `chain` counts the trainings since one from scratch."""

    version: str
    chain: int
    model: StructuredDemand


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
    importances: dict[str, float]
    comparison: Comparison | None
    hyperparameters: Hyperparameters
    start: Start | None = None


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
        for path, table in tables(candidate.backtest).items():
            mlflow.log_text(table.to_csv(index=False), path)
        drawn = figures(
            candidate.fit.losses, candidate.responses, candidate.backtest, candidate.importances
        )
        for title, figure in drawn.items():
            mlflow.log_figure(figure, f"plots/{title}.png")
        version = _log_model(name, candidate, run.info.run_id)
    for tag, value in (candidate.comparison.tags() if candidate.comparison else {}).items():
        client.set_model_version_tag(name, version, tag, value)
    client.set_registered_model_alias(name, registry.CHALLENGER, version)
    client.update_model_version(name, version, description=card(candidate))
    log.info("registered %s version %s as %s", name, version, registry.CHALLENGER)
    return version


def _log_model(name: str, candidate: Candidate, run_id: str) -> str:
    """Log the .keras file with signature and example; tables are scored by `ml.demand.pyfunc`.

    Saved to a folder first: `mlflow.keras.log_model` cannot write an input example, because
    it does so before it makes its folder.
    """
    example = table_of(candidate.panel.head(EXAMPLES), HORIZON)
    scored = DemandForecaster(candidate.fit.model).predict(example)
    gaps = example.assign(**{name: example[name].mask(example.index == 0) for name in NUMBERS})
    described = Model(signature=infer_signature(gaps, scored))  # any number may be missing
    with tempfile.TemporaryDirectory() as folder:
        mlflow.keras.save_model(
            candidate.fit.model,
            folder,
            mlflow_model=described,
            input_example=example,
            save_model_kwargs={"include_optimizer": False},
            pip_requirements=["keras", "tensorflow", "promoloop"],
        )
        environment = {"conda_env": "conda.yaml", "python_env": "python_env.yaml"}
        mlflow.pyfunc.add_to_model(described, "ml.demand.pyfunc", data="data", **environment)
        described.save(str(Path(folder) / "MLmodel"))
        mlflow.log_artifacts(folder, "model")
    return str(mlflow.register_model(f"runs:/{run_id}/model", name).version)


def parameters(candidate: Candidate) -> dict[str, object]:
    model = candidate.fit.model
    return {
        "as_of": candidate.as_of,
        "products": len(candidate.panel.products),
        "weeks": len(candidate.panel.weeks),
        "horizon": model.horizon,
        **candidate.hyperparameters.model_dump(),
        "size_scale": round(model.size_scale, 4),
        "steps": candidate.fit.steps,
        "backtest_steps": candidate.backtest.steps,
        "start": f"version {candidate.start.version}" if candidate.start else "scratch",
        "chain": candidate.start.chain if candidate.start else 0,
        "seed": settings().seed,
    }


def measures(candidate: Candidate) -> dict[str, float]:
    """What the gates read: scores on the largest products, elasticities, checks."""
    summary = candidate.backtest.summary()
    largest = summary.index.get_level_values("products").min()
    ours, reference = summary.loc[(largest, OURS)], summary.loc[(largest, REFERENCE)]
    everything = summary.loc[(summary.index.get_level_values("products").max(), OURS)]
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
        **candidate.importances,
        **(candidate.comparison.measures() if candidate.comparison else {}),
    }


def tables(backtest: Backtest) -> dict[str, pd.DataFrame]:
    """By file name: scores by origin, scores by category, and each product's losses."""
    return {
        "backtest.csv": backtest.scores,
        "categories.csv": by_category(backtest),
        LOSSES: losses(backtest),
    }


def by_category(backtest: Backtest) -> pd.DataFrame:
    """Our scores on each category's products, all origins together."""
    ours = [f for f in backtest.forecasts if f.method == OURS]
    units = [backtest.panel.demand[:, f.origin : f.origin + HORIZON] for f in ours]
    sold, mean = np.concatenate(units, axis=1), np.concatenate([f.mean for f in ours], axis=1)
    levels = np.concatenate([f.quantiles for f in ours], axis=2)
    group = numbered(backtest.panel.products["category"])
    rows = []
    for number, category in enumerate(sorted(backtest.panel.products["category"].unique())):
        own = group == number
        told = {"category": category, "products": int(own.sum()), "units": np.nansum(sold[own])}
        rows.append(told | (_scores(sold[own], mean[own], levels[:, own]) if told["units"] else {}))
    return pd.DataFrame(rows)


def _scores(units: np.ndarray, mean: np.ndarray, levels: np.ndarray) -> dict[str, float]:
    return {
        "wape": metrics.wape(units, mean),
        "wql": metrics.weighted_quantile_loss(units, levels),
        "bias": metrics.bias(units, mean),
        "cov80": metrics.coverage(units, levels),
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
