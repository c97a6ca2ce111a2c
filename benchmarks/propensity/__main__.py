"""Score propensities beside simple and learned peers, on the same rows in the same run.

    make bench-propensity [AS_OF=2017-12-25]
    python -m benchmarks.propensity --as-of 2017-12-25

Judged on the four weeks before the date, for the coming week (four origins) and the coming four
weeks (one). The last line printed is one JSON object. It takes about six minutes on two cores.
"""

import json
import logging
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.propensity.peers import lightgbm, logistic, rows
from ml import commands
from ml.errors import PromoloopError
from ml.propensity.backtest import JUDGED, LEARNT, TEST, Outcomes, backtest
from ml.propensity.fitting import PropensityFitting
from ml.propensity.histories import HORIZONS, Histories, write_histories
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.settings import settings

log = logging.getLogger(__name__)

DIGITS = 5


def main() -> None:
    """Parse, run, print."""
    parser = commands.parser(__doc__, "benchmarks.propensity")
    commands.add_as_of(parser)
    as_of = parser.parse_args().as_of
    commands.log_to_terminal()
    try:
        report, summary = benchmark(as_of)
    except PromoloopError as error:
        sys.exit(f"bench-propensity: {error}")
    print(report.round(DIGITS).to_string())  # noqa: T201  the command's result
    print(json.dumps(summary))  # noqa: T201


def benchmark(as_of: date) -> tuple[pd.DataFrame, dict[str, object]]:
    """Measures by days ahead and method, and the same with what it took, for machines."""
    chosen, seed, start = PropensityHyperparameters.read(), settings().seed, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        histories = write_histories(as_of, chosen.categories, chosen.baskets, Path(folder))
        fitting = PropensityFitting(chosen, seed, Path(folder) / "fits")
        result = backtest(histories, fitting)
        took = time.monotonic() - start
        log.info("ours: %d passes, %.0f s", result.fit.passes, took)
        _add_peers(histories, chosen, seed, result.outcomes)
    table = result.table
    methods = {
        str(days): {
            method: {
                name: round(value, DIGITS) for name, value in result.scores(days, method).items()
            }
            for method in outcomes.chances
        }
        for days, outcomes in result.outcomes.items()
    }
    rows_judged = {str(days): len(outcomes.bought) for days, outcomes in result.outcomes.items()}
    sizes = {"customers": histories.customers, "categories": len(histories.categories)}
    return table, methods | sizes | {"rows": rows_judged, "fit_s": round(took)}


def _add_peers(
    histories: Histories,
    chosen: PropensityHyperparameters,
    seed: int,
    outcomes: dict[int, Outcomes],
) -> None:
    learnt = rows(histories, LEARNT, chosen, seed)
    judged = rows(histories, JUDGED, chosen, seed)
    asked, bought = rows(histories, TEST, chosen)
    log.info("peers learn from %d rows", len(learnt[0]))
    for k, days in enumerate(HORIZONS):
        wanted = asked[bought[:, k] >= 0]
        outcomes[days].chances["lightgbm"] = lightgbm(learnt, judged, wanted, days, seed)
        outcomes[days].chances["logistic"] = logistic(learnt, wanted, days)
        log.info("peers: %d days ahead judged", days)


if __name__ == "__main__":
    main()
