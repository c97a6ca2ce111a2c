"""The audit log of plans: published/history.jsonl, one line a step, outside every version.

A change of schedule carries a number, `move`, the same however often a killed one is resumed.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ml.files import append_json_line, read_json_lines
from ml.releases import store
from ml.settings import settings

LIVE = ("publish", "roll_back")  # the actions after which a version is live


def path() -> Path:
    return settings().published / "history.jsonl"


def steps() -> list[dict[str, Any]]:
    """Every step, oldest first: `action`, `plan_version`, `by`, `at` and what else it recorded."""
    return read_json_lines(path())


def record(action: str, version: str, by: str, **more: Any) -> None:
    """Append one step: what was done with a version, by whom and when."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    step = {"action": action, "plan_version": version, "by": by, "at": now}
    append_json_line(path(), step | more)


def next_move(version: str) -> int:
    """The number of the next change of schedule; one that changes nothing keeps the last."""
    last = _last_move()
    if last.get("plan_version") == version == store.current():
        return int(last["move"])
    return int(last.get("move", 0)) + 1


def record_move(action: str, version: str, by: str, move: int, **more: Any) -> None:
    """Record a change of schedule, once: what a kill left half done is recorded again."""
    last = _last_move()
    if (last.get("move"), last.get("action")) != (move, action):
        record(action, version, by, move=move, **more)


def live_before(as_of: date) -> list[str]:
    """The versions planned before as_of that were live, the one that went live last first."""
    published = set(store.versions())
    live = [
        step["plan_version"]
        for step in steps()
        if step["action"] in LIVE and step["plan_version"] in published
    ]
    return [v for v in dict.fromkeys(reversed(live)) if store.as_of_of(v) < as_of]


def _last_move() -> dict[str, Any]:
    return next((step for step in reversed(steps()) if "move" in step), {})
