"""Search hyperparameters of the demand model; the best are proposed, never switched to.

    python -m ml.demand.search --as-of 2017-12-25 [--trials 20] [--minutes 60]

Every trial is fitted and judged as `trial.hold_out` does: on the weeks before the backtest's first
origin, which no score of the backtest is counted on. Trials are child runs of one MLflow run,
which carries the proposal as `demand.yml`: to use it, put it in the place of mlflow/demand.yml.
Two seeds of one model differ by about 1 % (docs/demand-model.md): a smaller gain is none.

Source: Akiba, Sano, Yanase, Ohta and Koyama (2019), "Optuna: A Next-generation Hyperparameter
Optimization Framework": a tree-structured Parzen estimator, and a median rule that stops a trial
which after an epoch is worse than half of those before it.
"""

import argparse
import logging
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any, cast

import keras
import mlflow
import optuna

from ml.config.documents import with_values
from ml.demand.data.panel import Panel, read_panel
from ml.demand.evaluation.backtest import HORIZON, rolling_origins
from ml.demand.fitting.early_stopping import Trial, hold_out
from ml.demand.network.hyperparameters import Hyperparameters, read_hyperparameters
from ml.errors import ContractError
from ml.models import registry
from ml.settings import settings

log = logging.getLogger(__name__)

EXPERIMENT = "demand_search"
DIGITS = 3
MEASURE = "val_error"  # mean absolute error in units, of the held-out weeks


@dataclass(frozen=True)
class Found:
    """The best trial, its error and that of the present hyperparameters, and how many were tried.

    `text` is the present file with the best trial's values.
    """

    best: Hyperparameters
    error: float
    present_error: float
    trials: int
    text: str


class Watcher(keras.callbacks.Callback):
    """Log a trial's epochs, and end it where it is behind the others or the time is up.

    The first trial, of the present hyperparameters, is always finished.
    """

    def __init__(self, trial: optuna.Trial, deadline: float) -> None:
        super().__init__()
        self.trial, self.deadline = trial, deadline

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        error = float((logs or {})[MEASURE])
        self.trial.report(error, epoch)
        mlflow.log_metric(MEASURE, error, step=epoch)
        late = self.trial.number > 0 and monotonic() > self.deadline
        if late or self.trial.should_prune():
            raise optuna.TrialPruned


def search(as_of: date, trials: int, minutes: float) -> Found:
    """Try at most `trials`, for at most `minutes`; the first is the present one.

    Raises:
        ContractError: the marts hold too few weeks to hold any out.
    """
    panel = read_panel(as_of, settings().demand_products)
    origin = rolling_origins(len(panel.weeks))[0]
    ranked = panel.weeks[origin].item()
    panel = read_panel(as_of, settings().demand_products, ranked_before=ranked).until(origin)
    present, deadline = read_hyperparameters(), monotonic() + 60 * minutes
    optuna.logging.disable_default_handler()
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=settings().seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2),
    )
    study.enqueue_trial(present.model_dump())
    registry.client()
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=f"search {as_of}"):
        mlflow.log_params({"as_of": as_of, "products": len(panel.products), "weeks": origin})
        mlflow.log_params({"trials": trials, "minutes": minutes, "seed": settings().seed})
        study.optimize(
            lambda trial: error_of(trial, panel, deadline), n_trials=trials, timeout=60 * minutes
        )
        found = best(study)
        mlflow.log_metrics({"error": found.error, "present_error": found.present_error})
        mlflow.log_text(found.text, "demand.yml")
    return found


def error_of(trial: optuna.Trial, panel: Panel, deadline: float) -> float:
    """The least error of any epoch on the panel's last weeks, which the fit does not see."""
    chosen = suggested(trial)
    with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
        mlflow.log_params(chosen.model_dump())
        try:
            made = tried(panel, chosen, Watcher(trial, deadline))
        except optuna.TrialPruned as pruned:
            mlflow.set_tag("state", "pruned")
            ended = pruned
        else:
            mlflow.set_tag("state", "complete")
            mlflow.log_metrics({"error": made.error, "steps": made.steps})
            log.info("trial %d: error %.4f with %s", trial.number, made.error, chosen)
            return made.error
    raise ended  # only here: an error inside would mark the run as failed


def tried(panel: Panel, chosen: Hyperparameters, watcher: Watcher) -> Trial:
    weeks, steps, seed = len(panel.weeks), settings().demand_steps, settings().seed
    made = hold_out(panel, weeks, HORIZON, steps, seed, chosen, watchers=[watcher])
    if made is None:
        raise ContractError(
            f"{weeks} weeks before the first origin: too few to hold {HORIZON} of them out; land "
            "more history"
        )
    return made


def suggested(trial: optuna.trial.BaseTrial) -> Hyperparameters:
    """Where a trial looks."""

    def rounded(name: str, low: float, high: float) -> float:
        return float(f"{trial.suggest_float(name, low, high, log=True):.{DIGITS}g}")

    return Hyperparameters(
        width=trial.suggest_int("width", 32, 96, step=16),
        batch=trial.suggest_int("batch", 128, 512, step=128),
        learning_rate=rounded("learning_rate", 1e-3, 1e-2),
        averaging=rounded("averaging", 0.9, 0.99),
        speed=rounded("speed", 3.0, 30.0),
    )


def best(study: optuna.Study) -> Found:
    """The complete trial with the least error."""
    chosen = suggested(optuna.trial.FixedTrial(study.best_params))
    text = with_values(settings().hyperparameters_path, chosen)
    present_error = cast(float, study.trials[0].value)
    return Found(chosen, study.best_value, present_error, len(study.trials), text)


def main() -> None:
    """Search on the lake's marts and print the hyperparameters proposed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    found = search(given.as_of, given.trials, given.minutes)
    print(  # noqa: T201  the command's result
        f"{found.trials} trials; error {found.error:.4f}, with the present hyperparameters "
        f"{found.present_error:.4f}\n\n{found.text}"
    )


if __name__ == "__main__":
    main()
