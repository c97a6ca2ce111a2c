"""What MLflow logs of a demand model for a reviewer, and how a version is saved."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import Model, infer_signature

from ml.demand.data.groups import numbered
from ml.demand.data.panel import Panel
from ml.demand.evaluation.backtest import HORIZON, OURS, Backtest
from ml.demand.evaluation.comparison import LOSSES, losses
from ml.demand.evaluation.figures import figures
from ml.demand.evaluation.metrics import bias, coverage, wape, weighted_quantile_loss
from ml.demand.fitting.fit import DemandFit
from ml.demand.network import NAME
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.demand.network.structured import StructuredDemand
from ml.demand.pyfunc import NUMBERS, DemandForecaster, table_of
from ml.models.cards import markdown
from ml.models.comparison import ChampionComparison
from ml.models.register import Registration, model_card, save_keras
from ml.settings import PROJECT, settings

REFERENCE = "seasonal_naive"
CARD = PROJECT / "mlflow" / "model_card.md"
EXAMPLES = 4


@dataclass(frozen=True)
class WarmStart:
    """The version a training started from; `chain` counts the trainings since one from scratch."""

    version: str
    chain: int
    model: StructuredDemand


@dataclass(frozen=True)
class DemandCandidate:
    """A trained model with its evaluation."""

    as_of: date
    panel: Panel
    fit: DemandFit
    backtest: Backtest
    responses: pd.DataFrame
    checks: dict[str, float]
    fingerprint: dict[str, str]
    importances: dict[str, float]
    comparison: ChampionComparison
    hyperparameters: DemandHyperparameters
    start: WarmStart | None = None


def registration(candidate: DemandCandidate) -> Registration:
    """What the registry logs of a candidate; steps are the backtest's origins."""
    backtest = candidate.backtest
    plots = figures(candidate.fit.losses, candidate.responses, backtest, candidate.importances)
    return Registration(
        name=NAME,
        as_of=candidate.as_of,
        parameters=parameters(candidate),
        metrics=metrics(candidate),
        card=card(candidate),
        inputs=candidate.fingerprint,
        save=lambda folder: save(candidate, folder),
        tags=candidate.comparison.tags,
        steps=metrics_by_origin(backtest),
        texts={path: table.to_csv(index=False) for path, table in tables(backtest).items()},
        figures={f"plots/{title}.png": figure for title, figure in plots.items()},
    )


def save(candidate: DemandCandidate, folder: Path) -> None:
    """Write the .keras file with signature and example; tables are scored by `ml.demand.pyfunc`.

    Not by `mlflow.keras.log_model`, which cannot write an input example: it does so before it
    makes its folder.
    """
    example = table_of(candidate.panel.head(EXAMPLES), HORIZON)
    scored = DemandForecaster(candidate.fit.model).predict(example)
    gaps = example.assign(**{name: example[name].mask(example.index == 0) for name in NUMBERS})
    described = Model(signature=infer_signature(gaps, scored))  # any number may be missing
    save_keras(candidate.fit.model, folder, mlflow_model=described, input_example=example)
    environment = {"conda_env": "conda.yaml", "python_env": "python_env.yaml"}
    mlflow.pyfunc.add_to_model(described, "ml.demand.pyfunc", data="data", **environment)
    described.save(str(folder / "MLmodel"))


def parameters(candidate: DemandCandidate) -> dict[str, object]:
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


def metrics(candidate: DemandCandidate) -> dict[str, float]:
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
        **candidate.comparison.metrics,
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
        row = {"category": category, "products": int(own.sum()), "units": np.nansum(sold[own])}
        rows.append(row | (_scores(sold[own], mean[own], levels[:, own]) if row["units"] else {}))
    return pd.DataFrame(rows)


def _scores(units: np.ndarray, mean: np.ndarray, levels: np.ndarray) -> dict[str, float]:
    return {
        "wape": wape(units, mean),
        "wql": weighted_quantile_loss(units, levels),
        "bias": bias(units, mean),
        "cov80": coverage(units, levels),
    }


def metrics_by_origin(backtest: Backtest) -> list[dict[str, float]]:
    """One dictionary an origin: `<method>.<products>.<metric>`."""
    steps = []
    for _, scores in backtest.scores.groupby("origin", sort=True):
        metrics: dict[str, float] = {}
        for row in scores.drop(columns="origin").to_dict("records"):
            prefix = f"{row.pop('method')}.{row.pop('products')}."
            metrics |= {f"{prefix}{name}": float(value) for name, value in row.items()}
        steps.append(metrics)
    return steps


def card(candidate: DemandCandidate) -> str:
    """The model card, from `mlflow/model_card.md`."""
    responses, weeks = candidate.responses, candidate.panel.weeks
    low, high = responses["elasticity"].quantile([0.05, 0.95])
    scores = candidate.backtest.summary().round(3).reset_index()
    return model_card(
        CARD,
        candidate.fingerprint,
        **parameters(candidate),
        first_week=weeks[0],
        last_week=weeks[-1],
        origins=candidate.backtest.scores["origin"].nunique(),
        scores=markdown(scores),
        elasticity_median=f"{responses['elasticity'].median():.2f}",
        elasticity_low=f"{low:.2f}",
        elasticity_high=f"{high:.2f}",
        identified=f"{responses['price_identified'].mean():.0%}",
        display_median=f"{responses['display_lift'].median():+.2f}",
        mailer_median=f"{responses['mailer_lift'].median():+.2f}",
    )
