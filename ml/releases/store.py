"""The store of published versions: each appears whole, and `current` points at one.

published/<version>/    the files of one release and the manifest that lists them
published/current       a relative symlink, replaced in one rename
published/history.jsonl who did what and when, see ml/releases/history.py

A release is built in a hidden folder beside the others, synced, and renamed in whole, so a reader
or a crash sees all of a release or nothing. One that is built again, as when a customer is
forgotten, is renamed aside first; a kill between the two renames is mended by the next `locked`.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from ml import files, lake
from ml.errors import LakeError
from ml.settings import settings

CURRENT = "current"
REPLACED = ".replaced"  # ends the name of a release that another takes the place of


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


def as_of_of(version: str) -> date:
    """The as-of date that a plan's version begins with."""
    return date.fromisoformat(version[:10])


def live_after(version: str) -> str | None:
    """The live version if its as-of date is later than that of `version`, else None."""
    live = current()
    return live if live and as_of_of(live) > as_of_of(version) else None


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
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


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
    present = digests(release)
    if present != expected:
        wrong = sorted(set(present.items()) ^ set(expected.items()))
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
    parent = release.parent
    parent.mkdir(parents=True, exist_ok=True)
    restore(parent)
    for left_by_a_kill in parent.glob(f".{release.name}-*"):
        shutil.rmtree(left_by_a_kill)
    aside = Path(tempfile.mkdtemp(prefix=f".{release.name}-", dir=parent))
    fill(aside)
    for path in sorted(aside.rglob("*"), reverse=True):
        files.sync(path)
    files.sync(aside)
    replaced = parent / f".{release.name}{REPLACED}"
    if release.exists():
        release.rename(replaced)
    aside.rename(release)
    files.sync(parent)
    shutil.rmtree(replaced, ignore_errors=True)


def restore(parent: Path) -> None:
    """Mend what a kill left of `build` in a folder of releases: each is the old or the new one."""
    for replaced in parent.glob(f".*{REPLACED}"):
        release = parent / replaced.name.removeprefix(".").removesuffix(REPLACED)
        if release.exists():
            shutil.rmtree(replaced)
        else:
            replaced.rename(release)


def point_at(version: str | None) -> None:
    """Make a verified version the live one; None takes down the first that was tried."""
    files.replace_link(settings().published / CURRENT, folder(version) if version else None)


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of the store: one publication or roll-back at a time. A kill releases it."""
    with files.locked(settings().published / ".lock"):
        restore(settings().published)
        yield
