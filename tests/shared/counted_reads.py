"""Counts how often a task reads each table of the lake."""

from collections import Counter

import pytest

from ml import lake


@pytest.fixture
def reads(monkeypatch):
    """How often each table and day was read, by `layer/table@day`; calls `lake.files` counts."""
    counted = Counter()
    files = lake.files

    def counting(table, on):
        counted[f"{table.layer}/{table.name}@{on}"] += 1
        return files(table, on)

    monkeypatch.setattr(lake, "files", counting)
    return counted


def read_twice(reads):
    """Tables that `reads` counted more than once."""
    return sorted(name for name, times in reads.items() if times > 1)
