"""Fixtures every part of the tests may use."""

import sys
from collections.abc import Iterator
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
