"""Fixtures every part of the tests may use."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml.settings import settings

# In a worker of xdist the main module has no file, which PySpark takes for its doctests and exits.
vars(sys.modules["__main__"]).setdefault("__file__", __file__)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty state folder that the settings point at."""
    monkeypatch.setenv("PROMOLOOP_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture(scope="session")
def exposed() -> Callable[[Path], list[str]]:
    """Finds, in a state folder, the files outside run/secrets that hold a secret's value."""

    def find(home: Path) -> list[str]:
        folder = home / "run" / "secrets"
        kept = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
        values = {v.encode(): f"{name}: {k}" for name, of in kept.items() for k, v in of.items()}
        assert values
        files = (path for path in home.rglob("*") if path.is_file() and folder not in path.parents)
        read = ((path, path.read_bytes()) for path in files if not path.is_symlink())
        return [f"{path}, {values[v]}" for path, text in read for v in values if v in text]

    return find
