"""Search how ALS is fitted; the best is proposed, never switched to.

Trials are child runs of one MLflow run, which carries the proposal as `affinity.yml`: to use it,
put it in the place of mlflow/affinity.yml.

Source: Akiba, Sano, Yanase, Ohta and Koyama (2019), "Optuna: A Next-generation Hyperparameter
Optimization Framework": a tree-structured Parzen estimator, and a median rule that stops a trial
which after a window is worse than half of those before it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import cast

import mlflow
import optuna

from ml.affinity.hyperparameters import Hyperparameters, read_hyperparameters
from ml.config.documents import with_values
from ml.settings import settings

log = logging.getLogger(__name__)

EXPERIMENT = "affinity_search"
PROPOSAL = "affinity.yml"
GOAL = "als_new_ndcg_at_10"  # habit finds what is bought again: ALS is there for what is new
DIGITS = 3
SEARCHED = {"rank", "iterations", "regularisation", "alpha"}

Measures = Mapping[str, float]
Judge = Callable[[Hyperparameters], Measures]


@dataclass(frozen=True)
class Found:
    """The best trial, its measure and that of the present settings, and how many were tried.

    `text` is the present file with the best trial's values.
    """

    best: Hyperparameters
    ndcg: float
    present_ndcg: float
    trials: int
    text: str


def search(
    judges: Sequence[Judge], trials: int, minutes: float, about: Mapping[str, object]
) -> Found:
    """Try at most `trials`, for at most `minutes`; the first is the present file.

    Args:
        judges: each gives the measures of one window, `GOAL` among them.
        trials: at most so many.
        minutes: no trial but the first is begun, or goes on to its next window, after them.
        about: what the parent run is told of the data.
    """
    present, deadline = read_hyperparameters(), monotonic() + 60 * minutes
    optuna.logging.disable_default_handler()
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=settings().seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.enqueue_trial(present.model_dump(include=SEARCHED))
    mlflow.set_tracking_uri(settings().tracking_uri)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=f"search {about['as_of']}"):
        mlflow.log_params({**about, "trials": trials, "minutes": minutes, "seed": settings().seed})
        study.optimize(
            lambda trial: _measure(trial, judges, present, deadline),
            n_trials=trials,
            callbacks=[lambda study, _: study.stop() if monotonic() > deadline else None],
        )
        found = _best(study, present)
        mlflow.log_metrics({"ndcg": found.ndcg, "present_ndcg": found.present_ndcg})
        mlflow.log_text(found.text, PROPOSAL)
    return found


def suggested(trial: optuna.trial.BaseTrial, present: Hyperparameters) -> Hyperparameters:
    """Where a trial looks; what decides which products count, or serves no ranker, stays."""

    def rounded(name: str, low: float, high: float) -> float:
        return float(f"{trial.suggest_float(name, low, high, log=True):.{DIGITS}g}")

    values = {
        "rank": trial.suggest_int("rank", 16, 64, step=16),
        "iterations": trial.suggest_int("iterations", 2, 12),
        "regularisation": rounded("regularisation", 0.005, 0.5),
        "alpha": rounded("alpha", 0.1, 30.0),
    }
    return present.model_copy(update=values)


def _measure(
    trial: optuna.Trial, judges: Sequence[Judge], present: Hyperparameters, deadline: float
) -> float:
    """The mean of `GOAL` over the windows."""
    chosen = suggested(trial, present)
    goals: list[float] = []
    with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
        mlflow.log_params(chosen.model_dump())
        started = monotonic()
        for window, judge in enumerate(judges):
            late = trial.number > 0 and monotonic() > deadline
            if stopped := window > 0 and (late or trial.should_prune()):
                break
            measures = judge(chosen)
            mlflow.log_metrics(dict(measures), step=window)
            goals.append(measures[GOAL])
            trial.report(sum(goals) / len(goals), window)
        mlflow.set_tag("state", "pruned" if stopped else "complete")
        mlflow.log_metrics({"ndcg": sum(goals) / len(goals), "seconds": monotonic() - started})
    if stopped:
        raise optuna.TrialPruned  # only here: an error inside would mark the run as failed
    log.info("trial %d: NDCG %.4f with %s", trial.number, sum(goals) / len(goals), chosen)
    return sum(goals) / len(goals)


def _best(study: optuna.Study, present: Hyperparameters) -> Found:
    """The complete trial with the highest measure."""
    chosen = suggested(optuna.trial.FixedTrial(study.best_params), present)
    text = with_values(settings().affinity_path, chosen)
    present_ndcg = cast(float, study.trials[0].value)
    return Found(chosen, study.best_value, present_ndcg, len(study.trials), text)
