"""Which version is served: one reference, replaced when another version is whole in memory."""

import logging
import time
from dataclasses import dataclass, replace

import duckdb

from ml.errors import LakeError
from ml.releases import store
from promoloop.serving import metrics
from promoloop.serving.schedule import Schedule, digest, load, manifest_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """What is served, and what is wrong with what is published; empty when nothing is."""

    schedule: Schedule | None = None
    problem: str = "nothing was read yet"
    checked: float = float("-inf")

    @property
    def seconds_since_check(self) -> float:
        return time.monotonic() - self.checked


class Live:
    """The live version. A request reads `state` once and is answered from it alone."""

    def __init__(self) -> None:
        self.state = State()

    def refresh(self) -> None:
        """Take up what is published now; what cannot be read whole leaves the last good one."""
        before = self.state
        schedule: Schedule | None
        try:
            schedule, problem = self._published(before.schedule), ""
        except (LakeError, OSError, ValueError, KeyError, duckdb.Error) as error:
            schedule, problem = before.schedule, f"{type(error).__name__}: {error}"
        if problem and problem != before.problem:
            metrics.LOADS.labels("refused").inc()
            log.error("still serving %s: %s", _name(schedule), problem)
        self.state = replace(before, schedule=schedule, problem=problem, checked=time.monotonic())
        metrics.STALE.set(bool(problem))

    def _published(self, served: Schedule | None) -> Schedule:
        version = store.current()
        if version is None:
            raise LakeError("nothing is published; publish a plan, or roll back to a version")
        if served and (served.version, served.digest) == (version, digest(manifest_bytes(version))):
            return served
        started = time.monotonic()
        schedule = load(version)
        metrics.LOADS.labels("ok").inc()
        log.info(
            "serving %s: %d promotions, read in %.2f s (before: %s)",
            version,
            schedule.lines,
            time.monotonic() - started,
            _name(served),
        )
        return schedule


def _name(schedule: Schedule | None) -> str:
    return schedule.version if schedule else "nothing"
