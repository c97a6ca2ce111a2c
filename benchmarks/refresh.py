"""Time a first refresh with its training, then the next day's, from an empty state folder."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import psutil
import typer
from rich.console import Console

from ml.errors import PromoloopError, ServiceError
from ml.settings import Settings, settings
from promoloop import preflight, services, supervision
from promoloop.airflow_api import AirflowApi
from promoloop.progress import failures, follow

out = Console(highlight=False, soft_wrap=True)

DAG = "refresh_promotions"
FIRST_DAY = date(2017, 12, 4)
WAITING = "transform."  # these tasks watch dbt's models; the producer does the work
PRODUCER = "transform.dbt_producer_watcher"


def bench_refresh(settings: Settings, say: Callable[[str], None]) -> None:
    """Print a table of task times, then one line of JSON; the services are stopped again.

    `full_s` counts from an empty state folder with nothing running; `next_day_s` from the
    trigger. `orchestration_overhead` is the share of both runs' time in which no task was
    at work, `peak_rss_mb` the largest sum of the resident memory of all services and tasks.
    """
    supervision.stop(settings)
    shutil.rmtree(settings.home, ignore_errors=True)
    with PeakMemory(settings) as memory:
        try:
            started = time.monotonic()
            services.up(settings, say)
            full = _refresh(settings, FIRST_DAY, say)
            full_s = time.monotonic() - started
            started = time.monotonic()
            next_day = _refresh(settings, FIRST_DAY + timedelta(days=1), say)
            next_day_s = time.monotonic() - started
        finally:
            services.down(settings)
    _table(full, next_day, say)
    runs = [*full, *next_day]
    result = {
        "full_s": round(full_s, 1),
        "next_day_s": round(next_day_s, 1),
        "next_day_share": round(next_day_s / full_s, 4),
        "task_s": {"full": seconds(full), "next_day": seconds(next_day)},
        "orchestration_overhead": round(idle_share(runs, full_s + next_day_s), 4),
        "peak_rss_mb": round(memory.peak / 1e6),
    }
    say(json.dumps(result))


def seconds(tasks: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds by task that did work, in the order they ended."""
    ended = sorted((t for t in tasks if _works(t)), key=lambda t: str(t["end_date"]))
    return {task["task_id"]: round(task["duration"], 1) for task in ended}


def idle_share(tasks: list[dict[str, Any]], wall: float) -> float:
    """The share of `wall` seconds in which none of the tasks was at work."""
    spans = sorted((_time(t["start_date"]), _time(t["end_date"])) for t in tasks if _works(t))
    busy, until = 0.0, float("-inf")
    for start, end in spans:
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return 1 - busy / wall


def _works(task: dict[str, Any]) -> bool:
    watches = task["task_id"].startswith(WAITING) and task["task_id"] != PRODUCER
    return bool(task["duration"]) and not watches


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _refresh(settings: Settings, day: date, say: Callable[[str], None]) -> list[dict[str, Any]]:
    api = AirflowApi(settings)
    run_id = f"bench-{day}"
    api.wait_for_dag(DAG)
    api.unpause(DAG)
    api.trigger(DAG, run_id, {"as_of": day.isoformat()})
    state = follow(api, DAG, run_id, say)
    tasks = api.tasks(DAG, run_id)
    if state != "success":
        raise ServiceError(f"the refresh for {day} failed: {failures(settings, tasks)}")
    return tasks


def _table(
    full: list[dict[str, Any]], next_day: list[dict[str, Any]], say: Callable[[str], None]
) -> None:
    first, second = seconds(full), seconds(next_day)
    say(f"{'task':40}{'full, s':>10}{'next day, s':>13}")
    for name in first:
        say(f"{name:40}{first[name]:>10.1f}{second.get(name, 0.0):>13.1f}")


class PeakMemory:
    """Watches, once a second, the resident memory of everything that was started."""

    def __init__(self, settings: Settings) -> None:
        self.peak = 0
        self._settings = settings
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1):
            self.peak = max(self.peak, sum(map(_resident, supervision.supervised(self._settings))))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _require_ready(settings: Settings) -> None:
    missing = [f"{f.what} ({f.mend})" for f in preflight.preflight(settings) if f.stops]
    if missing:
        raise ServiceError(f"missing: {'; '.join(missing)}")


def main() -> None:
    """Time a full refresh and the next day's in a state folder of their own."""
    own = settings().model_copy(update={"home": settings().home.absolute() / "bench"})
    try:
        _require_ready(own)
        bench_refresh(own, out.print)
    except PromoloopError as error:
        out.print(f"{type(error).__name__}: {error}", markup=False)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
