"""A kill -9 between any two steps leaves every target on the old version or on the new one."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from ml.promotions.review import propose

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)
KILLER = Path(__file__).parent / "kill_at_every_step.py"


def killed_at_every_step(action):
    command = [sys.executable, str(KILLER), action]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.fixture
def first_is_live(plan_day, publish, postgres):
    older = plan_day(FIRST)
    plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    return older


def test_a_publication_killed_at_any_step_is_finished_or_undone_everywhere(first_is_live):
    propose(SECOND, "Ada")

    assert killed_at_every_step("publish") > 60


def test_a_roll_back_killed_at_any_step_is_finished_or_undone_everywhere(first_is_live, publish):
    publish(SECOND)

    assert killed_at_every_step("roll_back") > 40
