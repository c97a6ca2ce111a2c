"""What a training of up to a million product-weeks takes, and how fast candidates are priced.

    make bench-training
    python -m benchmarks.demand.scale [--products 5000 20000] [--steps 40]

Each size trains in a process of its own, whose peak resident memory is read when it ends. Then
candidate prices are forecast (`benchmarks.demand.candidates`). The last line printed is one JSON
object: the largest size, its memory over the smallest's, and the candidates.
"""

import json
import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import TypeVar

import pandas as pd

from ml import commands
from ml.settings import settings

Result = TypeVar("Result")
WEEKS = 50
MEGABYTE = 1024  # ru_maxrss is in KiB


@dataclass(frozen=True)
class Cost:
    """Of one training. A window is a week of a product, from which the weeks ahead are learnt."""

    product_weeks: int
    peak_rss_mb: int
    windows_per_s: int
    steps: int
    s: float


def training_cost(products: int, steps: int) -> Cost:
    """Train on `products` x `WEEKS` synthetic product-weeks; meant for a fresh process."""
    from benchmarks.demand.synthetic import synthetic_panel
    from ml.demand.fitting.fit import DemandFitting, fit

    seed = settings().seed
    panel = synthetic_panel(products, WEEKS, seed)
    began = perf_counter()
    fitting = DemandFitting(settings().horizon_weeks, steps, seed)
    fitted = fit(panel, WEEKS, fitting)
    seconds = perf_counter() - began
    windows = fitted.steps * min(fitting.hyperparameters.batch, products) * WEEKS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE
    rate = round(windows / seconds)
    return Cost(products * WEEKS, peak, rate, fitted.steps, round(seconds, 1))


def in_fresh_process(function: Callable[..., Result], *given: int) -> Result:
    """What a function returns from a process that has done nothing else."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(function, *given).result()


def main() -> None:
    """Train each size, price candidates, print."""
    from benchmarks.demand.candidates import candidate_speed

    parser = commands.parser(main.__doc__)
    parser.add_argument("--products", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args()
    commands.log_to_terminal()
    costs = [in_fresh_process(training_cost, n, given.steps) for n in sorted(given.products)]
    speed = in_fresh_process(candidate_speed, settings().demand_products)
    summary = asdict(costs[-1]) | {
        "peak_rss_over_smallest": round(costs[-1].peak_rss_mb / costs[0].peak_rss_mb, 2),
        "candidates": asdict(speed),
    }
    tables = [pd.DataFrame(map(asdict, costs)), pd.DataFrame([asdict(speed)])]
    text = "\n\n".join(table.to_string(index=False) for table in tables)
    print(text, json.dumps(summary), sep="\n\n")  # noqa: T201  the command's result


if __name__ == "__main__":
    main()
