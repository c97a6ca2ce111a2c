"""Releases that were proposed and how their review stands.

lake/promotions/proposed/<version>/      the release as it would be published
lake/promotions/reviews/<version>.json   its state, and the seal of those files
"""

import json
from pathlib import Path
from typing import Any

from ml.contracts.outputs import PLAN
from ml.releases import store
from ml.settings import settings


def proposed(version: str) -> Path:
    """The folder of a release that was proposed."""
    return settings().lake / PLAN.layer / "proposed" / version


def release_of(version: str) -> Path:
    """Where a version's files are: published, or else proposed."""
    return store.folder(version) if version in store.versions() else proposed(version)


def review_of(version: str) -> dict[str, Any]:
    """How a plan's review stands; empty before it was proposed."""
    path = review_path(version)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def review_path(version: str) -> Path:
    """The file of a plan's review."""
    return settings().lake / PLAN.layer / "reviews" / f"{version}.json"
