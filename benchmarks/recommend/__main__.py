"""Rank Complete Journey's products for its customers, beside simple recommenders.

    make bench-recommend
    python -m benchmarks.recommend [--part ours --part als --part peers --part cold
        --part fold --part scale --part alike --part value]
        [--before 2017-12-04]

Learned from what lies before the date (weeks 1 to 49), judged on the four weeks from it. The
last line printed is one JSON object with the keys of the parts that ran: where none is named, of
ours, als, peers and cold.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import date

import pandas as pd

from benchmarks.recommend.alike import alike
from benchmarks.recommend.cold import cold_start
from benchmarks.recommend.folded import folded
from benchmarks.recommend.journey import read_journey
from benchmarks.recommend.ours import als_alone, blended
from benchmarks.recommend.peers import all_peers
from benchmarks.recommend.scale import growth
from benchmarks.recommend.split import Shop, split
from benchmarks.recommend.value import value
from ml import commands

log = logging.getLogger(__name__)

WEEK_50 = date(2017, 12, 4)
DIGITS = 4
PARTS: dict[str, Callable[[Shop], dict[str, dict]]] = {  # each gives keys of the report
    "ours": blended,
    "als": als_alone,
    "peers": all_peers,
    "cold": cold_start,
}
ASKED_FOR = {"fold": folded, "scale": growth, "alike": alike, "value": value}  # only by name


def main() -> None:
    """Parse, run, print."""
    parser = commands.parser(__doc__, "benchmarks.recommend")
    parser.add_argument(
        "--part", action="append", choices=PARTS | ASKED_FOR, help="only this one; repeatable"
    )
    parser.add_argument("--before", type=date.fromisoformat, default=WEEK_50, help="YYYY-MM-DD")
    args = parser.parse_args()
    commands.log_to_terminal()
    report = benchmark(args.before, args.part or list(PARTS))
    if "variety" in report:
        print(pd.DataFrame(report["variety"]).T.to_string())  # noqa: T201
    if "peers" in report:
        print(pd.DataFrame(report["peers"]).T.to_string())  # noqa: T201
    print(json.dumps(report))  # noqa: T201  the command's result


def benchmark(before: date, parts: list[str]) -> dict[str, dict]:
    """What the parts report, figures rounded, one after another."""
    lines, products = read_journey()
    shop = Shop(lines, products, before, split(lines, before))
    log.info("%d customers, %d products", len(shop.given.customers), len(shop.given.products))
    report: dict[str, dict] = {}
    for name in parts:
        started = time.perf_counter()
        for key, measures in rounded((PARTS | ASKED_FOR)[name](shop)).items():
            report[key] = report.get(key, {}) | measures
        log.info("part %s took %.0f s", name, time.perf_counter() - started)
    return report


def rounded(measures: dict) -> dict:
    """The same with every number to so many digits."""
    return {
        key: rounded(value) if isinstance(value, dict) else round(value, DIGITS)
        for key, value in measures.items()
    }


if __name__ == "__main__":
    main()
