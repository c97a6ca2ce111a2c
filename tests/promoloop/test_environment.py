import json
import os
import stat
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from ml.settings import Settings
from ml.settings import settings as current_settings
from promoloop import cli, credentials, services, supervision
from promoloop.environment import environment, log_folder
from promoloop.processes import Program, programs
from promoloop.supervision import config_text


def test_children_get_the_settings_they_were_started_with(tmp_path):
    found = environment(Settings(home=tmp_path, spark_port=17077, source="files"))

    assert found["PROMOLOOP_HOME"] == str(tmp_path)
    assert found["PROMOLOOP_SOURCE"] == "files"
    assert json.loads(found["AIRFLOW_CONN_SPARK_DEFAULT"])["port"] == 17077
    assert found["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000"


def test_a_connection_or_database_chosen_by_the_user_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", "spark://cluster:7077")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://db/airflow")

    found = environment(Settings(home=tmp_path))

    assert found["AIRFLOW_CONN_SPARK_DEFAULT"] == "spark://cluster:7077"
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql://db/airflow"


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    settings = Settings(home=tmp_path)

    first, again = (credentials.password(settings, credentials.ADMIN) for _ in range(2))

    assert first == again
    assert len(first) >= 20
    assert first != credentials.password(Settings(home=tmp_path / "other"), credentials.ADMIN)
    assert stat.S_IMODE(credentials.password_file(settings).stat().st_mode) == 0o600


AIRFLOW_STARTS = """
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

SimpleAuthManager().init()
"""


def test_airflow_finds_the_passwords_of_its_users_and_prints_none(tmp_path, monkeypatch, exposed):
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin, grace:user")
    settings = Settings(home=tmp_path)
    log = log_folder(settings) / "airflow-api-server.log"
    log.parent.mkdir(parents=True)
    with log.open("w") as stream:
        subprocess.run(
            [sys.executable, "-c", AIRFLOW_STARTS],
            env=environment(settings),
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=True,
        )

    passwords = json.loads(credentials.password_file(settings).read_text())
    assert passwords == {u: credentials.password(settings, u) for u in ("admin", "grace")}
    assert stat.S_IMODE(credentials.password_file(settings).stat().st_mode) == 0o600
    assert exposed(tmp_path) == []
    log.write_text(f"Password for user 'grace': {passwords['grace']}")
    assert exposed(tmp_path) == [f"{log}, airflow-passwords.json: grace"]


def test_what_supervisord_starts_leaves_no_secret_and_nothing_that_others_read(
    tmp_path, monkeypatch, exposed
):
    settings = Settings(home=tmp_path / "home")
    write = "open('written', 'w').write('done')"
    program = Program("spark-master", (sys.executable, "-c", write), lambda: "")
    monkeypatch.setattr(supervision, "programs", lambda settings: [program])
    before = os.umask(0o077)
    try:
        credentials.serving_token(settings)
        supervision.start(settings)
        supervision.proxy(settings).startProcess("spark-master", False)
        written = supervision.run_folder(settings) / "written"
        until(lambda: written.exists() and written.stat().st_size)
    finally:
        supervision.stop(settings)
        os.umask(before)

    assert exposed(settings.home) == []
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in settings.home.rglob("*")}
    assert [path for path, mode in modes.items() if mode & 0o077] == []


def until(happened, seconds=30):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_any_command_writes_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMOLOOP_HOME", str(tmp_path / "home"))
    current_settings.cache_clear()
    before = os.umask(0o022)
    try:
        CliRunner().invoke(cli.app, ["pseudonym", "household-1"], catch_exceptions=False)
    finally:
        os.umask(before)
        current_settings.cache_clear()

    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_the_state_folder_is_closed_to_others_at_every_start(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    monkeypatch.setattr(supervision, "is_running", stop_here)

    with pytest.raises(InterruptedError):
        services.up(Settings(home=home))

    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def stop_here(settings):
    raise InterruptedError


def test_the_supervisor_config_holds_no_secret_and_opens_no_port(tmp_path):
    settings = Settings(home=tmp_path)
    keys = credentials.airflow_keys(settings).values()

    text = config_text(settings)

    assert not any(key in text for key in keys)
    assert "[inet_http_server]" not in text
    assert all(f"[program:{program.name}]" in text for program in programs(settings))


def test_every_service_binds_to_the_host_of_the_settings(tmp_path):
    settings = Settings(home=tmp_path, host="127.0.0.2")
    found = environment(settings)

    for program in programs(settings):
        if not program.name.startswith("airflow-"):
            assert "127.0.0.2" in " ".join(program.command)
    assert found["AIRFLOW__API__HOST"] == "127.0.0.2"
    assert found["SPARK_LOCAL_IP"] == "127.0.0.2"


def test_publish_targets_reach_the_services_but_their_secrets_stay_as_they_were_set(tmp_path):
    found = environment(Settings(home=tmp_path, targets="files,postgres", postgres_url="s3cret"))

    assert Settings(home=tmp_path, targets=found["PROMOLOOP_TARGETS"]).targets == (
        "files",
        "postgres",
    )
    assert "s3cret" not in found.values()
