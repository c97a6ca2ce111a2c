"""The shelf of published versions: each appears whole, and `current` points at one.

published/<version>/    the files of one release and the manifest that lists them
published/current       a relative symlink, replaced in one rename
published/history.jsonl who did what and when, outside every version

A release is built in a hidden folder beside the others, synced, and renamed in whole, so
a reader, a crash or a power cut sees the old release or the new one.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml import lake
from ml.errors import LakeError
from ml.settings import settings

CURRENT = "current"
HISTORY = "history.jsonl"


def versions() -> list[str]:
    """The published versions, oldest as-of date first."""
    return sorted(
        path.parent.name
        for path in settings().published.glob(f"[!.]*/{lake.MANIFEST}")
        if not path.parent.is_symlink()
    )


def current() -> str | None:
    """The version that is live, or None before the first publication."""
    link = settings().published / CURRENT
    return link.readlink().name if link.is_symlink() else None


def live_after(version: str) -> str | None:
    """The live version if its as-of date is later than that of `version`, else None."""
    live = current()
    return live if live and live[:10] > version[:10] else None


def folder(version: str) -> Path:
    return settings().published / version


def manifest(version: str) -> dict[str, Any]:
    """What a version holds, from its manifest."""
    path = folder(version) / lake.MANIFEST
    if version not in versions():
        raise LakeError(
            f"version {version!r} is not published; published are {versions() or 'none'}: "
            "name one of these, or publish its as-of date first"
        )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def verify(version: str) -> None:
    """Compare a version's files with its manifest.

    Raises:
        LakeError: the version is unknown, or a file is missing, added or changed.
    """
    manifest(version)
    seal(folder(version))


def seal(release: Path) -> str:
    """SHA-256 of a release's manifest, which holds that of every other file.

    Raises:
        LakeError: there is no release, or a file is missing, added or changed.
    """
    path = release / lake.MANIFEST
    if not path.is_file():
        raise LakeError(f"{release} holds no release; run its as-of date again")
    expected = {f["name"]: f["sha256"] for f in json.loads(path.read_text("utf-8"))["files"]}
    found = digests(release)
    if found != expected:
        wrong = sorted(set(found.items()) ^ set(expected.items()))
        raise LakeError(
            f"release {release.name} differs from its manifest in "
            f"{sorted({name for name, _ in wrong})}; move {release} away and run "
            "the as-of date again, or roll back to another version"
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of each file under `root`, by its path from there; the manifest is left out."""
    paths = sorted(p for p in root.rglob("*") if p.is_file() and p.name != lake.MANIFEST)
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def build(release: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a release's files, manifest included; the folder appears whole."""
    shelf = release.parent
    shelf.mkdir(parents=True, exist_ok=True)
    for left_by_a_kill in shelf.glob(f".{release.name}-*"):
        shutil.rmtree(left_by_a_kill)
    aside = Path(tempfile.mkdtemp(prefix=f".{release.name}-", dir=shelf))
    fill(aside)
    for path in sorted(aside.rglob("*"), reverse=True):
        _sync(path)
    _sync(aside)
    if release.exists():
        shutil.rmtree(release)
    aside.rename(release)
    _sync(shelf)


def point_at(version: str | None) -> None:
    """Make a verified version the live one; None takes down the first that was tried."""
    replace_link(settings().published / CURRENT, folder(version) if version else None)


def replace_link(link: Path, to: Path | None) -> None:
    """Let a relative symlink point at a path below its folder, in one rename; None removes it."""
    if to is None:
        link.unlink(missing_ok=True)
    else:
        aside = link.with_name(f".{link.name}")
        aside.unlink(missing_ok=True)
        aside.symlink_to(to.relative_to(link.parent))
        aside.replace(link)
    _sync(link.parent)


def next_move(version: str) -> int:
    """The number of the next change of schedule; one that changes nothing keeps the last."""
    last = _last_move()
    if last.get("plan_version") == version == current():
        return int(last["move"])
    return int(last.get("move", 0)) + 1


def record_move(action: str, version: str, by: str, move: int, **more: Any) -> None:
    """Record a change of schedule, once: what a kill left half done is recorded again."""
    last = _last_move()
    if (last.get("move"), last.get("action")) != (move, action):
        record(action, version, by, move=move, **more)


def _last_move() -> dict[str, Any]:
    path = settings().published / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    moves = (json.loads(line) for line in reversed(lines) if '"move":' in line)
    return next(moves, {})


def record(action: str, version: str, by: str, **more: Any) -> None:
    """Append one line to the audit log: what was done with a version, by whom and when."""
    path = settings().published / HISTORY
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entry = {"action": action, "plan_version": version, "by": by, "at": now} | more
    line = json.dumps(entry, sort_keys=True, ensure_ascii=False) + "\n"
    with path.open("a", encoding="utf-8") as log:
        log.write(line)
        log.flush()
        os.fsync(log.fileno())


@contextmanager
def locked() -> Iterator[None]:
    """Hold the shelf: one publication or roll-back at a time. A kill releases it."""
    settings().published.mkdir(parents=True, exist_ok=True)
    with (settings().published / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
