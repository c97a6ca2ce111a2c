"""Search how ALS is fitted: the space, and the score of a trial on windows of purchases."""

from collections.abc import Callable, Mapping, Sequence

import optuna

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.models.search import SearchResult, SearchSpace, TrialProgress, log_uniform, search

EXPERIMENT = "affinity_search"
PROPOSAL = "affinity.yml"
METRIC = "als_new_ndcg_at_10"  # habit finds what is bought again: ALS is there for what is new
GOAL = "ndcg"  # mean of `METRIC` over the windows

Metrics = Mapping[str, float]
Judge = Callable[[AlsHyperparameters], Metrics]


def search_als(
    judges: Sequence[Judge], trials: int, minutes: float, about: Mapping[str, object]
) -> SearchResult[AlsHyperparameters]:
    """Try at most `trials`, for at most `minutes`; the first is the present file.

    Args:
        judges: each gives the metrics of one window, `METRIC` among them.
        trials: at most so many.
        minutes: no trial but the first begins, or goes on to its next window, after them.
        about: parameters of the parent run, `as_of` among them.
    """
    space = SearchSpace(
        experiment=EXPERIMENT,
        proposal=PROPOSAL,
        goal=GOAL,
        direction="maximize",
        present=AlsHyperparameters.read(),
        suggest=suggested,
        evaluate=lambda hyperparameters, progress: evaluate(hyperparameters, judges, progress),
    )
    return search(space, trials, minutes, about)


def suggested(trial: optuna.trial.BaseTrial, present: AlsHyperparameters) -> AlsHyperparameters:
    """Where a trial looks; what decides which products count, or serves no ranker, stays."""
    values = {
        "rank": trial.suggest_int("rank", 16, 64, step=16),
        "iterations": trial.suggest_int("iterations", 2, 12),
        "regularisation": log_uniform(trial, "regularisation", 0.005, 0.5),
        "alpha": log_uniform(trial, "alpha", 0.1, 30.0),
    }
    return present.model_copy(update=values)


def evaluate(
    hyperparameters: AlsHyperparameters, judges: Sequence[Judge], progress: TrialProgress
) -> Metrics:
    """The mean of `METRIC` over the windows, each a step of the trial."""
    values: list[float] = []
    for window, judge in enumerate(judges):
        if window:
            progress.stop_if_hopeless()
        metrics = judge(hyperparameters)
        values.append(metrics[METRIC])
        goal = {GOAL: sum(values) / len(values)}
        progress.report(window, goal[GOAL], {**metrics, **goal})
    return goal
