"""Files that survive a crash and other processes: replaced whole, appended to, locked."""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def to_json(value: Any) -> str:
    """JSON as Promoloop writes it: sorted, readable, the same bytes for the same value."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write a file to; at the end it replaces `path` in one rename.

    The folder is created, the file synced. After an error `path` is what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield aside
        sync(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text in one step that survives a crash."""
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8")


def replace_link(link: Path, to: Path | None) -> None:
    """Point a relative symlink at a path below its folder, in one rename; None removes it."""
    if to is None:
        link.unlink(missing_ok=True)
    else:
        aside = link.with_name(f".{link.name}")
        aside.unlink(missing_ok=True)
        aside.symlink_to(to.relative_to(link.parent))
        aside.replace(link)
    sync(link.parent)


def append_json_line(path: Path, entry: Mapping[str, Any]) -> None:
    """Append `entry` as one line of JSON and sync it.

    A last line that a crash cut short is ended first, so that it spoils no other.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(dict(entry), sort_keys=True, ensure_ascii=False) + "\n"
    with path.open("ab+") as stream:
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            line = line if stream.read(1) == b"\n" else f"\n{line}"
        stream.write(line.encode())
        stream.flush()
        os.fsync(stream.fileno())


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The entries of a file of JSON lines, none where there is no file.

    A line that is no JSON object, as a crash while appending leaves it, is logged by its number
    and skipped.
    """
    entries = []
    lines = path.read_bytes().splitlines() if path.is_file() else []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            entries.append(entry)
        else:
            log.warning("%s: line %d is no JSON object and is skipped", path, number)
    return entries


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`; waits for another holder. A kill releases it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sync(path: Path) -> None:
    """Let a file's content, or a folder's entries, reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
