"""Publish a plan that passed its gate and was approved, or put an older one back."""

import logging
import shutil
from datetime import date
from functools import partial
from pathlib import Path

from ml import lake
from ml.contracts.outputs import PLAN
from ml.promotions import releases
from ml.promotions.clearance import require_gate
from ml.promotions.review import plan_version, proposed, release_of, require_approval

log = logging.getLogger(__name__)


def publish(as_of: date, by: str) -> str:
    """Publish the release that was approved for `as_of` and make it live; returns its version.

    A version that is already published is verified and made live again.

    Raises:
        GateError: the plan did not pass its gate, or nobody approved these very files.
        LakeError: the release is missing or was changed.
    """
    version = plan_version(as_of)
    require_gate(as_of, version, lake.manifest(PLAN, as_of).content_hash)
    with releases.locked():
        require_approval(version, releases.seal(release_of(version)))
        if version not in releases.versions():
            log.info("Writing release %s", version)
            releases.build(releases.folder(version), partial(_copy, proposed(version)))
        _go_live("publish", version, by)
    return version


def roll_back(version: str, by: str, comment: str = "") -> None:
    """Make an already published version live again.

    Raises:
        LakeError: the version is not published, or its files were changed.
    """
    with releases.locked():
        _go_live("roll_back", version, by, comment)


def _copy(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True)


def _go_live(action: str, version: str, by: str, comment: str = "") -> None:
    releases.verify(version)
    before = releases.current()
    releases.point_at(version)
    releases.record(action, version, by, before=before, comment=comment)
    log.info("%s: %s is live (was %s)", action, version, before or "nothing")
