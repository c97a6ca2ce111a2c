"""Plan a day again with edits, aside, and return what they cost. Nothing is proposed by it.

A preview is a process of its own that keeps its state in a file, so that the web server stays
free while it solves, and any of its workers can read how far it is.

lake/promotions/previews/<id>.json   the request, the step it is at, then the result or the error
"""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from ml import lake
from ml.contracts.outputs import PLAN
from ml.errors import LakeError, PromoloopError
from ml.files import locked, replace_text, to_json
from ml.promotions.plan import read_summary
from ml.promotions.planning.edits import read_edits
from ml.promotions.scenario import Scenario, ScenarioResult, compare
from ml.publishing.approval import plan_version
from ml.releases import store
from ml.settings import settings

RUNNING = ("waiting", "solving")
SHOWN = 50  # promotions that come or go, listed with the result


def start(version: str, edits: list[dict[str, Any]], budget: float | None) -> str:
    """Start solving, unless the same was asked before; returns the preview's id.

    Raises:
        PolicyError: an edit is malformed.
        LakeError: the day of `version` was planned again since.
    """
    read_edits(edits)
    _require_planned(version)
    request = {"version": version, "edits": edits, "budget": budget}
    preview = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]
    if state(preview).get("state") not in (*RUNNING, "done"):
        _write_state(preview, request | {"state": "waiting"})
        process = subprocess.Popen(
            [sys.executable, "-m", "promoloop.review_page.previews", preview],
            stdin=subprocess.DEVNULL,
        )
        replace_text(_path(preview, "pid"), str(process.pid))
    return preview


def state(preview: str) -> dict[str, Any]:
    """The request with the state: waiting, solving, done with a result, or failed with an error.

    Empty when it was never asked for.
    """
    path = _path(preview)
    if not path.is_file():
        return {}
    current: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if current["state"] in RUNNING and _ended(_path(preview, "pid")):
        current |= {"state": "failed", "error": "the solver was killed; ask again"}
    return current


def solve(preview: str) -> None:
    """Carry out a preview; one at a time on a machine. An error of ours becomes its result."""
    request = json.loads(_path(preview).read_text(encoding="utf-8"))
    with locked(_path("").parent / ".lock"):
        _write_state(preview, request | {"state": "solving"})
        started = time.monotonic()
        try:
            result = _solved(request)
        except PromoloopError as error:
            _write_state(preview, request | {"state": "failed", "error": str(error)})
            return
        result["seconds"] = round(time.monotonic() - started, 1)
        _write_state(preview, request | {"state": "done", "result": result})


def _solved(request: dict[str, Any]) -> dict[str, Any]:
    version = _require_planned(request["version"])
    as_of = store.as_of_of(version)
    budget = request["budget"]
    if budget is None:
        budget = read_summary(as_of).budget
    before = lake.read(PLAN, as_of)
    comparison = compare(as_of, Scenario(budget=budget, edits=read_edits(request["edits"])))
    return _result(before, comparison) | {"budget": budget}


def _result(before: Any, comparison: ScenarioResult) -> dict[str, Any]:
    """The money, and which promotions come and go."""
    money = {name: float(value) for name, value in comparison.categories.loc["all"].items()}
    ids = set(before["promotion_id"]), set(comparison.rows["promotion_id"])
    return {
        "version": comparison.plan_version,
        "gap": comparison.gap,
        "money": money,
        "gone": sorted(ids[0] - ids[1])[:SHOWN],
        "come": sorted(ids[1] - ids[0])[:SHOWN],
    }


def _require_planned(version: str) -> str:
    if plan_version(store.as_of_of(version)) != version:
        raise LakeError(
            f"plan {version} is no longer in the lake: its day was planned again; edit the "
            "version that the page shows as the newest of that day"
        )
    return version


def _ended(pid_file: Path) -> bool:
    """Whether the process whose id is in a file is over; not while it is being started."""
    if not pid_file.is_file():
        return False
    try:
        return psutil.Process(int(pid_file.read_text())).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _write_state(preview: str, state: dict[str, Any]) -> None:
    replace_text(_path(preview), to_json(state))


def _path(preview: str, kind: str = "json") -> Path:
    return settings().lake / PLAN.layer / "previews" / f"{preview}.{kind}"


if __name__ == "__main__":
    solve(sys.argv[1])
