"""The verdict of the plan's gate, in lake/promotions/gate/as_of=D.json.

It names the content hash of the plan that the gate saw, so it lets no other bytes pass.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from ml import lake
from ml.contracts.outputs import PLAN
from ml.errors import GateError
from ml.files import replace_text, to_json
from ml.settings import settings


def gate_path(as_of: date) -> Path:
    return settings().lake / PLAN.layer / "gate" / f"as_of={as_of.isoformat()}.json"


def gate_verdict(as_of: date) -> dict[str, Any]:
    """What the plan's gate wrote; empty before it ran."""
    path = gate_path(as_of)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_verdict(as_of: date, version: str, passed: bool) -> None:
    """Record the gate's verdict on the bytes of the plan that lies in the lake now."""
    verdict = {
        "plan_version": version,
        "content_hash": lake.manifest(PLAN, as_of).content_hash,
        "passed": passed,
    }
    replace_text(gate_path(as_of), to_json(verdict))


def require_gate(as_of: date, version: str, content_hash: str) -> None:
    """Refuse a plan whose gate was not run, failed, or saw other bytes."""
    verdict = gate_verdict(as_of)
    expected = {"plan_version": version, "content_hash": content_hash, "passed": True}
    if {key: verdict.get(key) for key in expected} != expected:
        raise GateError(
            f"plan {version} may not be published: its gate wrote {verdict or 'nothing'} "
            f"({gate_path(as_of)}), expected {expected}; run the plan gate for {as_of} and mend "
            "what it reports"
        )
