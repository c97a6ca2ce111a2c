"""Publish a plan that passed its gate and was approved, or put an older one back."""

from datetime import date

from ml import lake
from ml.contracts.outputs import PLAN
from ml.errors import OutdatedPlanError
from ml.promotions.gate_verdict import require_gate
from ml.publishing.approval import plan_version, require_approval
from ml.publishing.targets.atomic_switch import recover, switch
from ml.releases import store
from ml.releases.proposed import release_of


def publish(as_of: date, by: str) -> str:
    """Publish the release that was approved for `as_of` and make it live; returns its version.

    It is live at every target that the settings name, or at none. A version that is already
    published is verified and made live again.

    Raises:
        GateError: the plan did not pass its gate, or nobody approved these very files.
        OutdatedPlanError: the live version is of a later as-of date.
        LakeError: the release is missing or was changed.
        TargetError: a target failed; the message says which and what is live.
    """
    version = plan_version(as_of)
    require_gate(as_of, version, lake.manifest(PLAN, as_of).content_hash)
    with store.locked():
        recover()
        _require_latest(version)
        release = release_of(version)
        require_approval(version, store.seal(release))
        switch("publish", version, release, by)
    return version


def roll_back(version: str, by: str, comment: str = "") -> None:
    """Make an already published version live again, at every target.

    Raises:
        LakeError: the version is not published, or its files were changed.
        TargetError: a target failed; the message says which and what is live.
    """
    with store.locked():
        recover()
        store.verify(version)
        switch("roll_back", version, store.folder(version), by, comment)


def _require_latest(version: str) -> None:
    if live := store.live_after(version):
        raise OutdatedPlanError(
            f"plan {version} is not published: the live version {live} has a later as-of date; "
            f"expected a plan of {store.as_of_of(live)} or later. To put an older published "
            "version back, roll back to it by name (`promoloop roll-back <version>`)"
        )
