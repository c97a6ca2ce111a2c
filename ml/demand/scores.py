"""Where a used model version's backtest lies for reports."""

from pathlib import Path

from ml.settings import settings


def scores_path(version: str) -> Path:
    """JSON: the metrics of the run that made the version."""
    return settings().lake / "demand" / "backtest" / f"version={version}.json"
