"""Solve plan problems of a retailer's size beside peers.

    make bench-plan
    python -m benchmarks.plan [--only slots_10k ...] [--share 1.0]

Each case runs in a process of its own. The last line printed is one JSON object.
"""

import json
import logging
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.plan.cases import CASES, Figures
from ml import commands

log = logging.getLogger(__name__)


def main() -> None:
    """Parse, run, print."""
    parser = commands.parser(__doc__, "benchmarks.plan")
    parser.add_argument("--only", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--share", type=float, default=1.0, help="of every instance's size")
    args = parser.parse_args()
    commands.log_to_terminal()
    figures_by_case = {name: _apart(name, args.share) for name in args.only}
    print(table(figures_by_case))  # noqa: T201  the command's result
    broken = sum(figures.pop("violations") for figures in figures_by_case.values())
    print(json.dumps(figures_by_case | {"violations": broken}, sort_keys=True))  # noqa: T201


def _apart(name: str, share: float) -> Figures:
    log.info("%s begins", name)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        figures = process.submit(CASES[name], share).result()
    log.info("%s: %s", name, json.dumps(figures))
    return figures


def table(figures_by_case: dict[str, Figures]) -> str:
    """One row per case and figure."""
    rows = [
        f"{name:<16}{figure:<18}{value:>14.6g}"
        for name, figures in figures_by_case.items()
        for figure, value in figures.items()
        if isinstance(value, int | float)
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
