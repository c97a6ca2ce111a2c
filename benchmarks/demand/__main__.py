"""Score the demand model beside its peers, on the same arrays in the same run.

    make bench-demand [AS_OF=2017-12-25]
    python -m benchmarks.demand --as-of 2017-12-25 [--products 2000] [--skip tsb ...]

Three origins, four weeks ahead. The last line printed is one JSON object. It takes about
fifteen minutes on two idle cores.
"""

import argparse
import sys
from datetime import date

from benchmarks.demand.run import PEERS, REFERENCES, benchmark
from ml import commands, lake
from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.errors import LakeError, PromoloopError
from ml.settings import settings


def main() -> None:
    """Parse, run, print."""
    given = parser().parse_args()
    commands.log_to_terminal()
    try:
        require_marts(given.as_of)
        report = benchmark(given.as_of, given.products, given.steps, settings().seed, given.skip)
    except PromoloopError as error:
        sys.exit(f"bench-demand: {error}")
    print(report.text())  # noqa: T201  the command's result


def parser() -> argparse.ArgumentParser:
    arguments = commands.parser(__doc__, "benchmarks.demand")
    commands.add_as_of(arguments)
    arguments.add_argument("--products", type=int, default=settings().demand_products)
    arguments.add_argument("--steps", type=int, default=settings().demand_steps, help="of training")
    others = [peer for peer in PEERS if peer not in REFERENCES]
    arguments.add_argument(
        "--skip", nargs="*", choices=others, default=[], help="peers to leave out"
    )
    return arguments


def require_marts(as_of: date) -> None:
    """Raise LakeError, saying what to run, when the day's marts are not in the lake."""
    try:
        lake.manifest(FCT_PRODUCT_WEEKS, as_of)
    except LakeError as missing:
        raise LakeError(
            f"no marts of {as_of} under {settings().lake}; "
            f"`make demo AS_OF={as_of}` lands the data and builds them"
        ) from missing


if __name__ == "__main__":
    main()
