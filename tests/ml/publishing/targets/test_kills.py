"""A kill -9 between any two steps leaves every target on the old version or on the new one."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from ml.publishing.approval import propose
from ml.releases import store
from ml.releases.proposed import proposed
from ml.settings import PROJECT

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)
KILLER = Path(__file__).parent / "kill_at_every_step.py"


def killed_at_every_step(action, version, folder):
    command = [sys.executable, "-c", KILLER.read_text(), action, version, str(folder)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.fixture
def two_days(plan_day, publish, postgres):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    return older, newer


def test_a_publication_killed_at_any_step_is_finished_or_undone_everywhere(two_days):
    _, newer = two_days
    propose(SECOND, "Ada")

    assert killed_at_every_step("publish", newer, proposed(newer)) > 50


def test_a_roll_back_killed_at_any_step_is_finished_or_undone_everywhere(two_days, publish):
    older, _ = two_days
    publish(SECOND)

    assert killed_at_every_step("roll_back", older, store.folder(older)) > 15
