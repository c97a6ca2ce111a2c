"""Follow a DAG run: one line a task, as it ends."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.errors import ServiceError
from ml.settings import Settings
from promoloop.airflow_api import AirflowApi
from promoloop.environment import log_folder

MARKS = {"success": "ok", "failed": "FAILED", "upstream_failed": "not run", "skipped": "skipped"}


@dataclass(frozen=True)
class Failure:
    """A failed task: its own last error lines, and the log they are from."""

    task_id: str
    error: str
    log: Path


def follow(api: AirflowApi, dag_id: str, run_id: str, say: Callable[[str], None]) -> str:
    """Print tasks as they start and end; return the run's state when it is over.

    An outage of the API server of up to a minute is waited out.
    """
    started = time.monotonic()
    printed: dict[str, str] = {}
    while True:
        state, tasks = _look(api, dag_id, run_id)
        for task in sorted(tasks, key=lambda t: t["end_date"] or "9"):
            line = _line(task)
            if line and line != printed.get(task["task_id"]):
                printed[task["task_id"]] = line
                say(f"{clock(time.monotonic() - started)}  {line}")
        if state in {"success", "failed"}:
            return state
        time.sleep(1)


def failures(settings: Settings, tasks: list[dict[str, Any]]) -> list[Failure]:
    """The tasks that failed, in the order they ended."""
    failed = [task for task in tasks if task["state"] == "failed"]
    return [_failure(settings, task) for task in sorted(failed, key=lambda t: t["end_date"] or "")]


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60:3d}:{int(seconds) % 60:02d}"


def _look(api: AirflowApi, dag_id: str, run_id: str) -> tuple[str, list[dict[str, Any]]]:
    deadline = time.monotonic() + 60
    while True:
        try:
            state = api.run(dag_id, run_id)["state"]
            return state, api.tasks(dag_id, run_id)
        except ServiceError:
            if time.monotonic() > deadline:
                raise
            time.sleep(2)


def _line(task: dict[str, Any]) -> str:
    state, tries = task["state"], task["try_number"]
    name = task["task_id"] + (f" (try {tries})" if tries > 1 else "")
    if state == "running":
        return f"{name:58} ..."
    if state == "up_for_retry":
        return f"{name:58} failed, will be retried"
    if state == "awaiting_input":
        return f"{name:58} waits for an answer (Airflow's required actions)"
    if state in MARKS:
        took = f"{task['duration']:.1f} s" if task["duration"] else ""
        return f"{name:58} {MARKS[state]:8} {took:>9}"
    return ""


def _failure(settings: Settings, task: dict[str, Any]) -> Failure:
    log = (
        log_folder(settings)
        / "airflow"
        / f"dag_id={task['dag_id']}"
        / f"run_id={task['dag_run_id']}"
        / f"task_id={task['task_id']}"
        / f"attempt={task['try_number']}.log"
    )
    return Failure(task["task_id"], error_of(log), log)


def error_of(log: Path) -> str:
    """The exception in a task's log (JSON lines), or its last error lines."""
    if not log.exists():
        return "no log was written: the task's process did not start or was killed"
    raised: list[str] = []
    logged: list[str] = []
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        raised += [f"{e['exc_type']}: {e['exc_value']}" for e in entry.get("error_detail") or []]
        if entry.get("level") in {"error", "critical"}:
            logged.append(str(entry.get("event", "")))
    return "\n".join((raised or logged)[-3:]) or (
        "the log holds no error: the task was killed or ran out of time"
    )
