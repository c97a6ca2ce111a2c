import socket

import pytest

from ml.settings import Settings
from promoloop import preflight
from promoloop.preflight import java_version


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_391"', 8),
        ("command not found", None),
    ],
)
def test_the_java_release_is_read_from_what_java_prints(printed, version):
    assert java_version(printed) == version


def test_another_java_is_named_with_the_line_that_mends_it(tmp_path, monkeypatch):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    found = {f.what: f for f in preflight.preflight(Settings(home=tmp_path))}

    finding = found[f"{java} is Java 11; Spark needs 17 or 21"]
    assert finding.stops
    assert "apt-get install -y openjdk-17-jre-headless" in finding.mend


def test_a_taken_port_names_the_setting_that_moves_it(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        found = preflight.preflight(Settings(home=tmp_path, mlflow_port=port))

    finding = next(f for f in found if f.what == f"port {port} is taken by another program")
    assert finding.stops
    assert "PROMOLOOP_MLFLOW_PORT" in finding.mend


def test_a_state_folder_too_deep_for_a_socket_is_refused(tmp_path):
    found = preflight.preflight(Settings(home=tmp_path / ("d" * 100)))

    assert any("too long for a Unix socket" in f.what for f in found)


def test_a_missing_browser_is_a_hint_for_who_runs_the_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    found = {f.mend: f for f in preflight.preflight(Settings(home=tmp_path))}

    finding = found["apt-get install -y chromium"]
    assert "make test" in finding.what
    assert not finding.stops


def test_too_little_disk_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight, "FREE_GB", 10**9)

    found = preflight.preflight(Settings(home=tmp_path))

    assert any("are needed" in f.what and "PROMOLOOP_HOME" in f.mend for f in found)


def test_a_publish_target_without_its_setting_is_reported_before_anything_starts(tmp_path):
    chosen = Settings(home=tmp_path, targets="files,postgres,webhook", webhook_url="http://shop")

    found = [f for f in preflight.preflight(chosen) if "publish target" in f.what]

    assert [f.what.split()[4].rstrip(",") for f in found] == [
        "PROMOLOOP_POSTGRES_URL",
        "PROMOLOOP_WEBHOOK_SECRET",
    ]
    assert all(f.stops for f in found)
