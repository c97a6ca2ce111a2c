"""All that is done before the services start, and what is counted of their tasks."""

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import refresh
from ml.errors import ServiceError
from ml.settings import settings
from promoloop import preflight, services, supervision


@pytest.fixture
def run(monkeypatch):
    app = typer.Typer()
    app.command()(refresh.main)
    return lambda: CliRunner().invoke(app, [])


def test_it_starts_from_an_empty_folder_beside_the_state_and_stops_what_it_started(
    home, run, monkeypatch
):
    started, stopped = [], []

    def up(own, say):
        started.append((own.home, own.home.exists()))
        raise ServiceError("this is as far as the test goes")

    monkeypatch.setattr(preflight, "preflight", lambda settings: [])
    monkeypatch.setattr(services, "up", up)
    monkeypatch.setattr(services, "down", lambda own: stopped.append(own.home))
    monkeypatch.setattr(supervision, "stop", lambda own: None)
    own = settings().home.absolute() / "bench"
    (own / "lake").mkdir(parents=True)  # of the time before
    (settings().home / "lake").mkdir()

    done = run()

    assert started == [(own, False)]
    assert stopped == [own]
    assert (settings().home / "lake").exists()
    assert done.exit_code == 1
    assert "ServiceError: this is as far as the test goes" in done.output


def test_what_the_machine_lacks_is_named(home, run, monkeypatch):
    lacks = preflight.Finding("Java 17", "apt-get install -y openjdk-17-jre-headless", stops=True)
    monkeypatch.setattr(preflight, "preflight", lambda settings: [lacks])

    done = run()

    assert done.exit_code == 1
    assert "missing: Java 17 (apt-get install" in done.output
