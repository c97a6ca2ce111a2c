"""All that is done before a browser opens the page: a real release, multiplied on a shelf."""

import shutil
from contextlib import contextmanager
from datetime import date

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.review import __main__ as benchmark
from benchmarks.review import run
from ml.errors import ServiceError
from ml.publishing.approval import propose
from ml.publishing.publish import publish
from ml.releases.proposed import proposed
from ml.releases.store import current, folder

DAY = date(2017, 12, 4)
LINES = 60


@pytest.fixture
def published(plan_day):
    version = plan_day(DAY)
    propose(DAY, "Ada")
    publish(DAY, "Ada")
    return version


@pytest.fixture
def run_until_the_server(monkeypatch):
    """Run the command; where Airflow would start, look at what it would serve."""

    def command(look):
        @contextmanager
        def server():
            look()
            raise ServiceError("this is as far as the test goes")
            yield

        app = typer.Typer()
        app.command()(benchmark.main)
        monkeypatch.setattr(run, "_server", server)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
        return CliRunner().invoke(app, ["--lines", str(LINES), "--loads", "1"])

    return command


def test_a_live_and_a_proposed_plan_of_the_size_asked_for_are_shelved(
    published, run_until_the_server
):
    seen = {}

    def look():
        live = current()
        (newer,) = (path.name for path in proposed(live).parent.iterdir())
        seen["lines"] = [
            len(pd.read_parquet(place / "schedule.parquet"))
            for place in (folder(live), proposed(newer))
        ]

    done = run_until_the_server(look)

    assert seen == {"lines": [LINES, LINES]}
    assert "ServiceError: this is as far as the test goes" in done.output
    assert done.exit_code == 1
    assert current() == published  # in the state folder itself nothing has changed


def test_without_a_release_it_says_what_to_run(home, run_until_the_server):
    done = run_until_the_server(lambda: None)

    assert done.exit_code == 1
    assert "make demo" in done.output
