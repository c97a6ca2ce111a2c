"""Fixtures every part of the tests may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ml.settings import settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty state folder that the settings point at."""
    monkeypatch.setenv("PROMOLOOP_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()
