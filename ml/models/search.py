"""Search a model's hyperparameters; the best are proposed, never switched to.

Trials are child runs of one MLflow run, which carries the proposal as a copy of the model's
hyperparameter file with the best trial's values: to use it, replace the file in mlflow/.

Source: Akiba, Sano, Yanase, Ohta and Koyama (2019), "Optuna: A Next-generation Hyperparameter
Optimization Framework": a tree-structured Parzen estimator, and a median rule that stops a trial
which after a step is worse than half of those before it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Generic, Literal, TypeVar, cast

import mlflow
import optuna

from ml.config.documents import with_values
from ml.models import registry
from ml.models.hyperparameters import Hyperparameters
from ml.settings import settings

log = logging.getLogger(__name__)

RANDOM_TRIALS = 5  # before the estimator proposes
UNPRUNED_TRIALS = 3  # before the median rule stops any
DIGITS = 3  # significant ones of a value drawn on a log scale

AnyHyperparameters = TypeVar("AnyHyperparameters", bound=Hyperparameters)


class TrialProgress:
    """What a running trial reports, step by step; the first is stopped neither late nor behind."""

    def __init__(self, trial: optuna.Trial, deadline: float) -> None:
        self._trial, self._deadline = trial, deadline

    def report(self, step: int, value: float, metrics: Mapping[str, float]) -> None:
        """Log a step's `metrics`; by `value` the trial is compared with the others."""
        mlflow.log_metrics(dict(metrics), step=step)
        self._trial.report(value, step)

    def stop_if_hopeless(self) -> None:
        """End the trial where it is behind the others or the time is up.

        Raises:
            optuna.TrialPruned: it is.
        """
        late = self._trial.number > 0 and monotonic() > self._deadline
        if late or self._trial.should_prune():
            raise optuna.TrialPruned


@dataclass(frozen=True)
class SearchSpace(Generic[AnyHyperparameters]):
    """What is varied, and how a trial is scored.

    Attributes:
        experiment: MLflow's, of all searches of the model.
        proposal: path of the artefact with the proposed file.
        goal: name of the metric that is minimised or maximised.
        direction: of the goal.
        present: what serves now, the first trial.
        suggest: a trial's hyperparameters, given the present ones.
        evaluate: a trial's metrics, the goal among them.
        warmup_steps: of a trial, before it may be stopped as behind the others.
    """

    experiment: str
    proposal: str
    goal: str
    direction: Literal["minimize", "maximize"]
    present: AnyHyperparameters
    suggest: Callable[[optuna.trial.BaseTrial, AnyHyperparameters], AnyHyperparameters]
    evaluate: Callable[[AnyHyperparameters, TrialProgress], Mapping[str, float]]
    warmup_steps: int = 0


@dataclass(frozen=True)
class SearchResult(Generic[AnyHyperparameters]):
    """The best trial, its goal and that of the present hyperparameters, and the trials run.

    `text` is the present file with the best trial's values.
    """

    best: AnyHyperparameters
    goal: str
    value: float
    present_value: float
    trials: int
    text: str

    def __str__(self) -> str:
        return (
            f"{self.trials} trials; {self.goal} {self.value:.4f}, with the present "
            f"hyperparameters {self.present_value:.4f}\n\n{self.text}"
        )


def search(
    space: SearchSpace[AnyHyperparameters],
    trials: int,
    minutes: float,
    about: Mapping[str, object],
) -> SearchResult[AnyHyperparameters]:
    """Try at most `trials`; none but the first begins, or goes on, after `minutes`.

    `about` are further parameters of the parent run, `as_of` among them.
    """
    deadline = monotonic() + 60 * minutes
    optuna.logging.disable_default_handler()
    study = optuna.create_study(
        direction=space.direction,
        sampler=optuna.samplers.TPESampler(seed=settings().seed, n_startup_trials=RANDOM_TRIALS),
        pruner=optuna.pruners.MedianPruner(
            n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=space.warmup_steps
        ),
    )
    study.enqueue_trial(space.present.model_dump())
    registry.client()
    mlflow.set_experiment(space.experiment)
    with mlflow.start_run(run_name=f"search {about['as_of']}"):
        mlflow.log_params({**about, "trials": trials, "minutes": minutes, "seed": settings().seed})
        study.optimize(
            lambda trial: _run(trial, space, deadline),
            n_trials=trials,
            callbacks=[lambda study, _: study.stop() if monotonic() > deadline else None],
        )
        result = _result(study, space)
        mlflow.log_metrics(
            {space.goal: result.value, f"present_{space.goal}": result.present_value}
        )
        mlflow.log_text(result.text, space.proposal)
    return result


def log_uniform(trial: optuna.trial.BaseTrial, name: str, low: float, high: float) -> float:
    """A value drawn on a log scale, rounded to `DIGITS` significant digits."""
    return float(f"{trial.suggest_float(name, low, high, log=True):.{DIGITS}g}")


def _run(trial: optuna.Trial, space: SearchSpace[AnyHyperparameters], deadline: float) -> float:
    """The goal of one trial, a child run."""
    hyperparameters, started = space.suggest(trial, space.present), monotonic()
    with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
        mlflow.log_params(hyperparameters.model_dump())
        ended: optuna.TrialPruned | None = None
        try:
            metrics = space.evaluate(hyperparameters, TrialProgress(trial, deadline))
        except optuna.TrialPruned as pruned:
            ended = pruned
        else:
            mlflow.log_metrics(dict(metrics))
        mlflow.set_tag("state", "pruned" if ended else "complete")
        mlflow.log_metrics({"seconds": monotonic() - started})
    if ended:
        raise ended  # only here: an error inside would mark the run as failed
    value = metrics[space.goal]
    log.info("trial %d: %s %.4f with %s", trial.number, space.goal, value, hyperparameters)
    return value


def _result(
    study: optuna.Study, space: SearchSpace[AnyHyperparameters]
) -> SearchResult[AnyHyperparameters]:
    """The complete trial with the best goal."""
    best = space.suggest(optuna.trial.FixedTrial(study.best_params), space.present)
    return SearchResult(
        best=best,
        goal=space.goal,
        value=study.best_value,
        present_value=cast(float, study.trials[0].value),
        trials=len(study.trials),
        text=with_values(best.default_path(), best),
    )
