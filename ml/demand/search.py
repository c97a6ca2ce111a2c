"""Search hyperparameters of the demand model; the best are proposed, never switched to.

    python -m ml.demand.search --as-of 2017-12-25 [--trials 20] [--minutes 60]

Every trial is fitted and judged as `early_stopping.hold_out` does: on the weeks before the
backtest's first origin, which no score of the backtest is counted on. Two seeds of one model differ
by about 1 % (docs/demand-model.md): a smaller gain is none.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import keras
import optuna

from ml import commands
from ml.demand.data.panel import Panel, read_panel
from ml.demand.evaluation.backtest import HORIZON, rolling_origins
from ml.demand.fitting.early_stopping import hold_out
from ml.demand.fitting.fit import DemandFitting
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.errors import ContractError
from ml.models.search import SearchResult, SearchSpace, TrialProgress, log_uniform, search
from ml.settings import settings

EXPERIMENT = "demand_search"
PROPOSAL = "demand.yml"
EPOCH_ERROR = "val_error"  # mean absolute error in units, of the held-out weeks
GOAL = "error"  # the least of any epoch
WARMUP_EPOCHS = 2  # before a trial may be stopped as behind the others


class ReportEpochs(keras.callbacks.Callback):
    """Report a trial's epochs, and end it where it is behind the others or the time is up."""

    def __init__(self, progress: TrialProgress) -> None:
        super().__init__()
        self.progress = progress

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        error = float((logs or {})[EPOCH_ERROR])
        self.progress.report(epoch, error, {EPOCH_ERROR: error})
        self.progress.stop_if_hopeless()


def search_demand(as_of: date, trials: int, minutes: float) -> SearchResult[DemandHyperparameters]:
    """Try at most `trials`, for at most `minutes`; the first is the present file.

    Raises:
        ContractError: the marts hold too few weeks to hold any out.
    """
    panel = read_panel(as_of, settings().demand_products)
    origin = rolling_origins(len(panel.weeks))[0]
    ranked = panel.weeks[origin].item()
    panel = read_panel(as_of, settings().demand_products, ranked_before=ranked).until(origin)
    space = SearchSpace(
        experiment=EXPERIMENT,
        proposal=PROPOSAL,
        goal=GOAL,
        direction="minimize",
        present=DemandHyperparameters.read(),
        suggest=suggested,
        evaluate=lambda hyperparameters, progress: evaluate(panel, hyperparameters, progress),
        warmup_steps=WARMUP_EPOCHS,
    )
    about = {"as_of": as_of, "products": len(panel.products), "weeks": origin}
    return search(space, trials, minutes, about)


def suggested(
    trial: optuna.trial.BaseTrial, present: DemandHyperparameters
) -> DemandHyperparameters:
    """Where a trial looks."""
    return present.model_copy(
        update={
            "width": trial.suggest_int("width", 32, 96, step=16),
            "batch": trial.suggest_int("batch", 128, 512, step=128),
            "learning_rate": log_uniform(trial, "learning_rate", 1e-3, 1e-2),
            "averaging": log_uniform(trial, "averaging", 0.9, 0.99),
            "speed": log_uniform(trial, "speed", 3.0, 30.0),
        }
    )


def evaluate(
    panel: Panel, hyperparameters: DemandHyperparameters, progress: TrialProgress
) -> Mapping[str, float]:
    """The least error of any epoch on the panel's last weeks, which the fit does not see.

    Raises:
        ContractError: the panel has too few weeks to hold any out.
    """
    weeks = len(panel.weeks)
    fitting = DemandFitting(HORIZON, settings().demand_steps, settings().seed, hyperparameters)
    held_out = hold_out(panel, weeks, fitting, [ReportEpochs(progress)])
    if held_out is None:
        raise ContractError(
            f"{weeks} weeks before the first origin: too few to hold {HORIZON} of them out; land "
            "more history"
        )
    return {GOAL: held_out.error, "steps": held_out.steps}


def main() -> None:
    """Search on the lake's marts and print the hyperparameters proposed."""
    parser = commands.parser(main.__doc__)
    commands.add_as_of(parser)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60)
    args = parser.parse_args()
    commands.log_to_terminal()
    print(search_demand(args.as_of, args.trials, args.minutes))  # noqa: T201  the result


if __name__ == "__main__":
    main()
