"""The landed days of the history that marts carry, and one hash of all of them."""

import hashlib
from datetime import date, timedelta

from ml import lake
from ml.contracts.sources import TRANSACTIONS
from ml.settings import settings


def landed_days(before: date) -> list[date]:
    """Days before `before` with landed transactions, oldest first."""
    first = before - timedelta(weeks=settings().history_weeks)
    return [day for day in lake.partitions(TRANSACTIONS) if first <= day < before]


def landed(before: date) -> dict[str, str]:
    """What a manifest names as read of those days: one hash of their hashes."""
    hashes = "".join(lake.manifest(TRANSACTIONS, day).content_hash for day in landed_days(before))
    return {TRANSACTIONS.name: hashlib.sha256(hashes.encode()).hexdigest()}
