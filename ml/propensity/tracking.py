"""What MLflow logs of a propensity model for a reviewer, and how a version is saved."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from mlflow.models import infer_signature

from ml.models.cards import markdown
from ml.models.comparison import ChampionComparison
from ml.models.register import Registration, model_card, save_keras
from ml.propensity import NAME
from ml.propensity.backtest import OURS, OWN, USUAL_OFFERS, PropensityBacktest
from ml.propensity.comparison import JUDGED
from ml.propensity.examples import Example
from ml.propensity.fitting import PropensityFit
from ml.propensity.histories import HORIZONS
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.settings import PROJECT, settings

CARD = PROJECT / "mlflow" / "propensity_card.md"
DIGITS = 4


@dataclass(frozen=True)
class PropensityCandidate:
    """A trained model with its evaluation; `example` is one batch of its inputs."""

    as_of: date
    customers: int
    fit: PropensityFit
    backtest: PropensityBacktest
    checks: dict[str, float]
    comparison: ChampionComparison
    inputs: dict[str, str]
    hyperparameters: PropensityHyperparameters
    example: Example


def registration(candidate: PropensityCandidate) -> Registration:
    """What the registry logs of a candidate; steps are the passes of the backtest's fit."""
    backtest = candidate.backtest
    passes = zip(*backtest.fit.losses.values(), strict=True)
    return Registration(
        name=NAME,
        as_of=candidate.as_of,
        parameters=parameters(candidate),
        metrics=metrics(candidate),
        card=card(candidate),
        inputs=candidate.inputs,
        save=lambda folder: save(candidate, folder),
        tags=candidate.comparison.tags,
        steps=[dict(zip(backtest.fit.losses, losses, strict=True)) for losses in passes],
        texts={"backtest.csv": backtest.table.to_csv()},
    )


def save(candidate: PropensityCandidate, folder: Path) -> None:
    """Write the model with its signature, and the backtest's model beside it."""
    scores = candidate.fit.model.predict_on_batch(candidate.example)
    signature = infer_signature(candidate.example, scores)
    save_keras(candidate.fit.model, folder, signature=signature)
    candidate.backtest.fit.model.save(folder / JUDGED)


def parameters(candidate: PropensityCandidate) -> dict[str, object]:
    return {
        "as_of": candidate.as_of,
        "customers": candidate.customers,
        "categories_known": len(candidate.fit.model.categories),
        "passes": candidate.fit.passes,
        "seed": settings().seed,
        **candidate.hyperparameters.model_dump(),
    }


def metrics(candidate: PropensityCandidate) -> dict[str, float]:
    """What the gates read: scores on the test weeks, beside the customer's own rate; checks.

    Scores of the coming four weeks have no prefix, those of the coming week `week.`.
    """
    scores, (week, month) = candidate.backtest.scores, HORIZONS
    result: dict[str, float] = {}
    for days, prefix in ((month, ""), (week, "week.")):
        ours, rate = scores(days, OURS), scores(days, OWN)
        result |= {prefix + name: value for name, value in ours.items()}
        result[f"{prefix}log_loss_over_own_rate"] = ours["log_loss"] / rate["log_loss"]
        usual = scores(days, USUAL_OFFERS)["log_loss"]
        result[f"{prefix}offers_gain"] = 1 - ours["log_loss"] / usual
    lifts = candidate.fit.model.category_lifts()
    return (
        result
        | candidate.checks
        | candidate.comparison.metrics
        | {"lift_median": float(np.median(lifts))}
    )


def card(candidate: PropensityCandidate) -> str:
    """The model card, from `mlflow/propensity_card.md`."""
    table = candidate.backtest.table.round(DIGITS).reset_index()
    lifts = candidate.fit.model.category_lifts()
    low, middle, high = np.quantile(lifts, [0.05, 0.5, 0.95])
    return model_card(
        CARD,
        candidate.inputs,
        **parameters(candidate),
        scores=markdown(table),
        lift_low=f"{low:.2f}",
        lift_median=f"{middle:.2f}",
        lift_high=f"{high:.2f}",
        gain=f"{metrics(candidate)['offers_gain']:.2%}",
    )
