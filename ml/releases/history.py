"""Promotions that shoppers were already told of: the weeks of the live schedule that stay."""

import json
from datetime import date

from ml.releases import shelf
from ml.settings import settings

MADE_LIVE = ("publish", "roll_back")


def live_before(as_of: date) -> list[str]:
    """The versions planned before as_of that were live, the one that went live last first."""
    history = settings().published / shelf.HISTORY
    if not history.is_file():
        return []
    steps = [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
    known = set(shelf.versions())
    live = [
        step["plan_version"]
        for step in steps
        if step["action"] in MADE_LIVE and step["plan_version"] in known
    ]
    return [v for v in dict.fromkeys(reversed(live)) if date.fromisoformat(v[:10]) < as_of]
