"""May a plan be published? Its gate must have passed, and a person approved it if asked.

lake/promotions/gate/as_of=D.json             written by the plan gate
lake/promotions/approvals/<plan_version>.json written by `approve`

Both name the content hash of the plan they saw, so neither clears any other bytes.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from ml import lake
from ml.contracts.outputs import PLAN
from ml.errors import GateError
from ml.promotions.policy import load_policy
from ml.settings import settings


def gate_path(as_of: date) -> Path:
    return settings().lake / PLAN.layer / "gate" / f"as_of={as_of.isoformat()}.json"


def gate_verdict(as_of: date) -> dict[str, Any]:
    """What the plan's gate wrote; empty before it ran."""
    return _stored(gate_path(as_of))


def write_verdict(as_of: date, version: str, passed: bool) -> None:
    """What the plan's gate found, for the bytes of the plan that lies in the lake now."""
    verdict = {
        "plan_version": version,
        "content_hash": lake.manifest(PLAN, as_of).content_hash,
        "passed": passed,
    }
    lake.replace_text(gate_path(as_of), lake.to_json(verdict))


def require_gate(as_of: date, version: str, content_hash: str) -> None:
    """Refuse a plan whose gate was not run, failed, or saw other bytes."""
    verdict = gate_verdict(as_of)
    expected = {"plan_version": version, "content_hash": content_hash, "passed": True}
    if {key: verdict.get(key) for key in expected} != expected:
        raise GateError(
            f"plan {version} may not be published: its gate says {verdict or 'nothing'} "
            f"({gate_path(as_of)}), expected {expected}; run the plan gate for {as_of} and mend "
            "what it reports"
        )


def require_approval(version: str, content_hash: str) -> None:
    """Refuse a plan nobody approved, unless the policy approves by itself."""
    if load_policy().review.auto_approve:
        return
    approval = _stored(_approval(version))
    if approval.get("content_hash") != content_hash:
        raise GateError(
            f"plan {version} may not be published: it was not approved (found "
            f"{approval or 'no approval'} at {_approval(version)}); approve it, or set "
            "review.auto_approve to true in policy.yml"
        )


def write_approval(version: str, content_hash: str, by: str, comment: str) -> None:
    record = {
        "plan_version": version,
        "content_hash": content_hash,
        "approved_by": by,
        "comment": comment,
    }
    lake.replace_text(_approval(version), lake.to_json(record))


def _approval(version: str) -> Path:
    return settings().lake / PLAN.layer / "approvals" / f"{version}.json"


def _stored(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
