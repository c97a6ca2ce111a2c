"""Secrets of a deployment: made once in the state folder, readable by their owner only."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ml.settings import Settings


def folder(settings: Settings) -> Path:
    return settings.home.absolute() / "run" / "secrets"


def read_or_create(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The secrets in `path`; the first process that asks makes them and writes them, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        aside = _private(path, make())
        with suppress(FileExistsError):  # another process was first: its secret counts
            path.hardlink_to(aside)
        aside.unlink()
    values: dict[str, str] = json.loads(path.read_text())
    return values


def replace(path: Path, values: dict[str, str]) -> None:
    """Let `path`, which is there, hold other values, again with mode 0600."""
    _private(path, values).replace(path)


def _private(path: Path, values: dict[str, str]) -> Path:
    """A new file beside `path` that only its owner reads."""
    aside = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(values, stream)
    return aside
