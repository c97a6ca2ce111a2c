"""Log a propensity model to MLflow with what a reviewer needs, and register it."""

import logging
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template

import mlflow
import mlflow.keras
import numpy as np
from mlflow.models import infer_signature

from ml import lake
from ml.models import registry
from ml.models.cards import markdown
from ml.propensity.backtest import OURS, OWN, USUAL_OFFERS, Backtest
from ml.propensity.comparison import JUDGED, Comparison
from ml.propensity.examples import Example
from ml.propensity.fitting import Fit
from ml.propensity.histories import HORIZONS
from ml.propensity.hyperparameters import Hyperparameters
from ml.propensity.scoring import NAME
from ml.settings import PROJECT, settings

log = logging.getLogger(__name__)

CARD = PROJECT / "mlflow" / "propensity_card.md"
DIGITS = 4


@dataclass(frozen=True)
class Candidate:
    """A model and what is known of it; `example` is one batch of its inputs."""

    as_of: date
    customers: int
    fit: Fit
    backtest: Backtest
    checks: dict[str, float]
    comparison: Comparison
    inputs: dict[str, str]
    hyperparameters: Hyperparameters
    example: Example


def register(candidate: Candidate) -> str:
    """Log a run in the experiment `propensity`, register its model as challenger; its version."""
    client = registry.client()
    mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name=f"{NAME} {candidate.as_of}") as run:
        mlflow.log_params(parameters(candidate))
        mlflow.log_metrics(measures(candidate))
        for step, losses in enumerate(zip(*candidate.backtest.fit.losses.values(), strict=True)):
            mlflow.log_metrics(dict(zip(candidate.backtest.fit.losses, losses, strict=True)), step)
        mlflow.set_tags({f"data.{table}": found for table, found in candidate.inputs.items()})
        mlflow.set_tags({"as_of": str(candidate.as_of), "code_version": lake.code_version()})
        mlflow.log_text(card(candidate), "model_card.md")
        mlflow.log_text(candidate.backtest.table.to_csv(), "backtest.csv")
        with tempfile.TemporaryDirectory() as folder:
            mlflow.keras.save_model(
                candidate.fit.model,
                folder,
                signature=infer_signature(
                    candidate.example, candidate.fit.model.predict_on_batch(candidate.example)
                ),
                save_model_kwargs={"include_optimizer": False},
                pip_requirements=["keras", "tensorflow", "promoloop"],
            )
            candidate.backtest.fit.model.save(Path(folder) / JUDGED)
            mlflow.log_artifacts(folder, "model")
        version = str(mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME).version)
    for tag, value in candidate.comparison.tags.items():
        client.set_model_version_tag(NAME, version, tag, value)
    client.set_registered_model_alias(NAME, registry.CHALLENGER, version)
    client.update_model_version(NAME, version, description=card(candidate))
    log.info("registered %s version %s as %s", NAME, version, registry.CHALLENGER)
    return version


def parameters(candidate: Candidate) -> dict[str, object]:
    return {
        "as_of": candidate.as_of,
        "customers": candidate.customers,
        "categories_known": len(candidate.fit.model.categories),
        "passes": candidate.fit.passes,
        "seed": settings().seed,
        **candidate.hyperparameters.model_dump(),
    }


def measures(candidate: Candidate) -> dict[str, float]:
    """What the gates read: scores on the test weeks, beside the customer's own rate; checks.

    Scores of the coming four weeks have no prefix, those of the coming week `week.`.
    """
    scores, (week, month) = candidate.backtest.scores, HORIZONS
    found: dict[str, float] = {}
    for days, prefix in ((month, ""), (week, "week.")):
        ours, rate = scores(days, OURS), scores(days, OWN)
        found |= {prefix + name: value for name, value in ours.items()}
        found[f"{prefix}log_loss_over_own_rate"] = ours["log_loss"] / rate["log_loss"]
        usual = scores(days, USUAL_OFFERS)["log_loss"]
        found[f"{prefix}offers_gain"] = 1 - ours["log_loss"] / usual
    lifts = candidate.fit.model.category_lifts()
    return (
        found
        | candidate.checks
        | candidate.comparison.measures
        | {"lift_median": float(np.median(lifts))}
    )


def card(candidate: Candidate) -> str:
    """The model card, from `mlflow/propensity_card.md`."""
    table = candidate.backtest.table.round(DIGITS).reset_index()
    lifts = candidate.fit.model.category_lifts()
    low, middle, high = np.quantile(lifts, [0.05, 0.5, 0.95])
    told = ", ".join(f"{name} {found[:12]}" for name, found in candidate.inputs.items())
    return Template(CARD.read_text(encoding="utf-8")).substitute(
        parameters(candidate),
        fingerprint=told,
        code_version=lake.code_version(),
        scores=markdown(table),
        lift_low=f"{low:.2f}",
        lift_median=f"{middle:.2f}",
        lift_high=f"{high:.2f}",
        gain=f"{measures(candidate)['offers_gain']:.2%}",
    )
