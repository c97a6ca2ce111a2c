"""List what is missing before anything is started, each with the command that installs it."""

import os
import re
import shutil
import socket
import subprocess
import sys
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

from ml.settings import TARGET_NEEDS, Settings
from promoloop import supervision

FREE_GB = 10
JAVA_VERSIONS = (17, 21)
SOCKET_PATH_LIMIT = 95  # of 108 bytes: supervisord adds its process id while it starts
PORTS = ("airflow_port", "mlflow_port", "spark_port", "spark_ui_port", "spark_worker_ui_port")


@dataclass(frozen=True)
class Finding:
    """Something missing: what, the line that mends it, and whether it stops the start."""

    what: str
    mend: str
    stops: bool = True


def preflight(settings: Settings) -> list[Finding]:
    """Everything that is missing; empty when the platform can start."""
    checks = [_python(), _java(), _home(settings), _disk(settings), _socket(settings)]
    checks += [_blas(), _browser()]
    ports = [] if supervision.is_running(settings) else _ports(settings)
    return [finding for finding in checks if finding] + _targets(settings) + ports


def java_version(text: str) -> int | None:
    """The feature release in what `java -version` prints: 17 for `"17.0.15"`, 8 for `"1.8.0"`."""
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match.group(1)) if match else None


def _python() -> Finding | None:
    if sys.version_info[:2] == (3, 11):
        return None
    return Finding(
        f"Python {sys.version.split()[0]} runs this; 3.11 is needed",
        "apt-get install -y python3.11 python3.11-venv && make PYTHON=python3.11 install",
    )


def _java() -> Finding | None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    mend = "apt-get install -y openjdk-17-jre-headless"
    if java is None:
        return Finding("no Java: Spark needs 17 or 21", mend)
    if not Path(java).exists():
        return Finding(f"JAVA_HOME={home} holds no bin/java", f"unset JAVA_HOME, or {mend}")
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = java_version(done.stderr + done.stdout)
    if version in JAVA_VERSIONS:
        return None
    return Finding(f"{java} is Java {version}; Spark needs 17 or 21", f"{mend}; set JAVA_HOME")


def _home(settings: Settings) -> Finding | None:
    nearest = _existing(settings.home)
    if os.access(nearest, os.W_OK):
        return None
    return Finding(
        f"the state folder {settings.home} cannot be written",
        "export PROMOLOOP_HOME=/a/folder/you/may/write",
    )


def _disk(settings: Settings) -> Finding | None:
    free = shutil.disk_usage(_existing(settings.home)).free / 1e9
    if free >= FREE_GB:
        return None
    return Finding(
        f"{free:.1f} GB free under {settings.home}; {FREE_GB} GB are needed",
        "free some space, or export PROMOLOOP_HOME=/a/larger/disk",
    )


def _socket(settings: Settings) -> Finding | None:
    path = supervision.socket_path(settings)
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return None
    return Finding(
        f"the path {path} is too long for a Unix socket ({SOCKET_PATH_LIMIT} bytes)",
        "export PROMOLOOP_HOME=/a/shorter/path",
    )


def _blas() -> Finding | None:
    if find_library("blas") or find_library("openblas"):
        return None
    return Finding(
        "no BLAS library: Spark's matrix work runs slower without one",
        "apt-get install -y libopenblas0",
        stops=False,
    )


def _browser() -> Finding | None:
    if shutil.which("chromium"):
        return None
    return Finding(
        "no chromium: `make test` drives the review page in one; nothing else needs it",
        "apt-get install -y chromium",
        stops=False,
    )


def _targets(settings: Settings) -> list[Finding]:
    needed = [name for target in settings.targets for name in TARGET_NEEDS.get(target, ())]
    return [
        Finding(
            f"a publish target needs PROMOLOOP_{name.upper()}, which is empty",
            f"export PROMOLOOP_{name.upper()}=…, or take the target out of PROMOLOOP_TARGETS "
            "(docs/publishing.md)",
        )
        for name in needed
        if getattr(settings, name) is None
    ]


def _ports(settings: Settings) -> list[Finding]:
    taken = [name for name in PORTS if not _is_free(settings.host, getattr(settings, name))]
    return [
        Finding(
            f"port {getattr(settings, name)} is taken by another program",
            f"stop it, or export PROMOLOOP_{name.upper()}=<a free port>",
        )
        for name in taken
    ]


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _existing(path: Path) -> Path:
    path = path.absolute()
    return next(p for p in (path, *path.parents) if p.exists())
