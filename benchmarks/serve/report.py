"""What the readers saw, in tables and in one line."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.serve.readers import MIX, Seen

SHOWN = 5
LOOK_UP = "product"


def show(
    closed: list[Seen],
    closed_seconds: float,
    paced: list[Seen],
    seconds: float,
    say: Callable[[str], None],
) -> None:
    """Latencies by kind of request, and how many answers were wrong."""
    say(f"{'':34}{'requests':>10}{'rps':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for kind in MIX:
        _row(f"closed loop, {kind}", _all(closed, "sent", kind), closed_seconds, say)
    for kind in MIX:
        _row(f"open loop, {kind}, from due", _all(paced, "due", kind), seconds, say)
        _row(f"open loop, {kind}, from sent", _all(paced, "sent", kind), seconds, say)
    every = [*closed, *paced]
    changes = [sum(a != b for (_, a), (_, b) in pairwise(each.versions)) for each in paced]
    say(f"changes of version that a process of readers saw: {changes}")
    torn, failed = _messages(every, "torn"), _messages(every, "failed")
    say(f"answers not wholly of one version: {len(torn)}; without an answer: {len(failed)}")
    for each in [*torn, *failed][:SHOWN]:
        say(f"  {each}")


def result(closed: list[Seen], paced: list[Seen], seconds: float) -> dict[str, Any]:
    """Rate of the open loop, latency of its product look-ups from when due, torn of all."""
    look_ups = _all(paced, "due", LOOK_UP)
    answers = sum(len(_all(paced, "due", kind)) for kind in MIX)
    return {
        "rps": round(answers / seconds, 1),
        "p50_ms": _ms(look_ups, 50),
        "p99_ms": _ms(look_ups, 99),
        "torn_reads": len(_messages([*closed, *paced], "torn")),
    }


def _row(name: str, latencies: np.ndarray, seconds: float, say: Callable[[str], None]) -> None:
    say(
        f"{name:34}{len(latencies):>10,}{len(latencies) / seconds:>8.0f}"
        f"{_ms(latencies, 50):>9.2f}{_ms(latencies, 99):>9.2f}{_ms(latencies, 100):>9.2f}"
    )


def _all(seen: list[Seen], clock: str, kind: str) -> np.ndarray:
    return np.concatenate([getattr(each, clock)[kind] for each in seen])


def _messages(seen: list[Seen], what: str) -> list[str]:
    return [each for one in seen for each in getattr(one, what)]


def _ms(latencies: np.ndarray, percentile: float) -> float:
    return round(1000 * float(np.percentile(latencies, percentile)), 2) if len(latencies) else 0.0
