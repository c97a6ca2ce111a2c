"""Change every target to another version together, or leave every one as it was.

Two phases: each target is prepared, then each is flipped. What was decided stands in the
journal before the first target is flipped, so a kill between any two steps is mended by
`recover`: before the decision every target has its old version still, after it every target gets
the new one. A target that fails to flip takes all back. Source: Gray and Reuter,
"Transaction Processing" (1992), ch. 10, two-phase commit with a write-ahead log.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from ml.errors import TargetError
from ml.publishing.targets import journal
from ml.publishing.targets.catalog import chosen, named
from ml.publishing.targets.journal import Entry
from ml.publishing.targets.target import Release, Target
from ml.releases import history

log = logging.getLogger(__name__)

AGAIN = "then publish or roll back again"


def switch(action: str, version: str, folder: Path, by: str, comment: str = "") -> None:
    """Make the release in `folder` live at every target; needs the store's lock, and `recover`.

    Raises:
        TargetError: a target failed; it is named, and all have the version they had before
            unless the message says otherwise.
    """
    targets = chosen()
    before = {target.name: _live(target, version) for target in targets}
    entry = Entry(history.next_move(version), action, version, by, comment, before)
    journal.write(entry)
    _prepare(targets, Release(version, folder, entry.move))
    _go_forward(targets, journal.decide(entry, "new"))


def recover() -> None:
    """Finish what a kill left half done; needs the store's lock.

    Raises:
        TargetError: a target cannot be reached; the next call tries again.
    """
    entry = journal.read()
    if entry is None:
        return
    log.info("Unfinished %s of %s, decision: %s", entry.action, entry.version, entry.decision)
    if entry.decision == "none":
        journal.close()
    elif entry.decision == "new":
        _go_forward(named(entry.before), entry)
    else:
        _go_back(named(entry.before), entry)


def _live(target: Target, version: str) -> str | None:
    try:
        return target.live()
    except TargetError as error:
        raise TargetError(_refused(target, version, error)) from error


def _prepare(targets: Sequence[Target], release: Release) -> None:
    for target in targets:
        log.info("Preparing %s at %s", release.version, target.name)
        try:
            target.prepare(release)
        except TargetError as error:
            journal.close()
            raise TargetError(_refused(target, release.version, error)) from error


def _refused(target: Target, version: str, error: TargetError) -> str:
    return (
        f"{version} is not live: target {target.name} could not be prepared: {error}. "
        f"Every target stays as it was. Mend {target.name}, {AGAIN}"
    )


def _go_forward(targets: Sequence[Target], entry: Entry) -> None:
    for target in targets:
        try:
            target.flip(entry.version, entry.move)
        except TargetError as error:
            back = journal.decide(entry, "old")
            _go_back(named(entry.before), back)
            raise TargetError(
                f"{entry.version} is not live: target {target.name} could not be flipped: {error}. "
                f"Every target is back on what it had. Mend {target.name}, {AGAIN}"
            ) from error
    history.record_move(
        entry.action,
        entry.version,
        entry.by,
        entry.move,
        before=entry.before["files"],
        comment=entry.comment,
        targets=sorted(entry.before),
    )
    journal.close()
    log.info("%s: %s is live at %s", entry.action, entry.version, ", ".join(entry.before))


def _go_back(targets: Sequence[Target], entry: Entry) -> None:
    failed = {}
    for target in targets:
        try:
            target.flip(entry.before[target.name], entry.move)
        except TargetError as error:
            failed[target.name] = str(error)
    if failed:
        raise TargetError(
            f"{entry.version} was taken back, but not at {failed}: these may show it still. Mend "
            f"them; the next publication or roll-back puts them back first, or {AGAIN}"
        )
    history.record_move("taken_back", entry.version, entry.by, entry.move)
    journal.close()
