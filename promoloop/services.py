"""Bring the local platform up and down, and say how it is."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ml.errors import ServiceError
from ml.settings import PROJECT, Settings
from promoloop import credentials, supervision
from promoloop.airflow_api import AirflowApi
from promoloop.environment import environment, log_folder
from promoloop.processes import Program, programs
from spark_jobs import submit

STARTUP_SECONDS = 240
POOLS = {
    "training": 1,  # one training at a time, wherever it is asked from
    "dbt_watchers": 2,  # tasks that show how a model went, beside the one that builds it
}
ARCHIVE_CLASSES = PROJECT / "spark_jobs" / "archive_jvm_classes.py"


@dataclass(frozen=True)
class Health:
    """A program, what supervisord says of it, and what is wrong (empty: nothing)."""

    name: str
    state: str
    problem: str


def up(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Start every service and return when each answers. Harmless when they run already.

    Only the owner may enter the state folder.

    Raises:
        ServiceError: a service did not become healthy; its last log lines are in the message.
    """
    _make_private(settings.home)
    if supervision.is_running(settings) and _config_changed(settings):
        say("the settings changed: restarting the services")
        down(settings)
    if not supervision.is_running(settings):
        supervision.stop(settings)
        _write_local_settings(settings)
        supervision.start(settings)
    _start(settings, [p for p in programs(settings) if not p.name.startswith("airflow-")])
    parse_dbt(settings)
    _archive_spark_classes(settings, say)
    _migrate(settings, say)
    _start(settings, programs(settings))
    _wait(settings, say)
    api = AirflowApi(settings)
    for name, slots in POOLS.items():
        api.ensure_pool(name, slots)


def _make_private(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
    except PermissionError as error:
        raise ServiceError(
            f"{home} cannot be made this user's alone ({error.strerror}); expected a state folder "
            "that the user of the services owns: change its owner, or set PROMOLOOP_HOME"
        ) from error


def down(settings: Settings) -> None:
    """Stop every service, with all tasks and Spark executors. Harmless when none runs."""
    supervision.stop(settings)


def health(settings: Settings) -> list[Health]:
    """How each program is; `STOPPED` for all when nothing runs."""
    if not supervision.is_running(settings):
        return [Health(p.name, "STOPPED", "not running") for p in programs(settings)]
    states = {i["name"]: i["statename"] for i in supervision.proxy(settings).getAllProcessInfo()}
    return [Health(p.name, states[p.name], p.problem()) for p in programs(settings)]


def places(settings: Settings) -> dict[str, str]:
    """Where to look: pages, files and folders by what they show."""
    home = settings.home.absolute()
    return {
        "Airflow": f"http://{settings.host}:{settings.airflow_port}",
        "  user, password": f"{credentials.ADMIN}, in {credentials.password_file(settings)}",
        "MLflow": settings.tracking_uri,
        "Spark": f"http://{settings.host}:{settings.spark_ui_port}",
        "published": str(settings.published / "current"),
        "logs": str(log_folder(settings)),
        "state": str(home),
    }


def parse_dbt(settings: Settings) -> None:
    """Write the manifest that the DAG's dbt tasks are drawn from, unless it is up to date."""
    manifest = settings.dbt_target / "manifest.json"
    folders = [PROJECT / "dbt_project" / name for name in ("models", "macros", "seeds", "tests")]
    sources = [
        PROJECT / "dbt_project" / "dbt_project.yml",
        *(p for f in folders for p in f.rglob("*")),
    ]
    if manifest.exists() and manifest.stat().st_mtime > max(p.stat().st_mtime for p in sources):
        return
    _run(
        settings,
        "dbt-parse",
        ["dbt", "parse", "--quiet", "--target-path", str(settings.dbt_target)],
        cwd=PROJECT / "dbt_project",
    )


def _archive_spark_classes(settings: Settings, say: Callable[[str], None]) -> None:
    archive = settings.spark_classes
    if archive.exists():
        return
    say("archiving the classes of Spark")
    unfinished = archive.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    options = f"{submit.STARTS_SOONER} -XX:ArchiveClassesAtExit={unfinished}"
    job = str(ARCHIVE_CLASSES)
    scratch = str(archive.with_suffix(".parquet"))
    local = ["--master", "local[2]", "--driver-memory", submit.DRIVER_MEMORY]
    _run(
        settings,
        "spark-classes",
        ["spark-submit", *local, "--driver-java-options", options, job, scratch],
    )
    if unfinished.exists():
        unfinished.rename(archive)
    else:
        say("this Java archives no classes: Spark jobs will start more slowly")


def _migrate(settings: Settings, say: Callable[[str], None]) -> None:
    home = settings.home.absolute() / "airflow"
    done = home / f".migrated-{version('apache-airflow')}"
    if not done.exists():
        say("creating Airflow's metadata database")
        _run(settings, "airflow-migrate", ["airflow", "db", "migrate"])
        done.touch()


def _run(settings: Settings, name: str, command: list[str], cwd: Path | None = None) -> None:
    log = log_folder(settings) / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    run = supervision.run_folder(settings)
    run.mkdir(parents=True, exist_ok=True)
    executable = str(Path(sys.executable).parent / command[0])
    with log.open("w") as stream:
        ended = subprocess.run(
            [executable, *command[1:]],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment(settings) | {"DBT_LOG_PATH": str(log.parent)},
            cwd=cwd or run,
            umask=0o077,  # what it writes is its owner's alone, whoever calls this
        )
    if ended.returncode:
        raise ServiceError(
            f"`{' '.join(command)}` ended with code {ended.returncode}; mend what it says and "
            f"try again. Last lines of {log}:\n{_tail(log)}"
        )


def _config_changed(settings: Settings) -> bool:
    path = supervision.config_path(settings)
    return not path.exists() or path.read_text() != supervision.config_text(settings)


def _start(settings: Settings, wanted: list[Program]) -> None:
    remote = supervision.proxy(settings)
    idle = {"STOPPED", "EXITED", "FATAL", "UNKNOWN"}
    states = {info["name"]: info["statename"] for info in remote.getAllProcessInfo()}
    for program in wanted:
        if states[program.name] in idle:
            remote.startProcess(program.name, False)


def _wait(settings: Settings, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    waiting = programs(settings)
    while waiting:
        problems = {program.name: program.problem() for program in waiting}
        for program in [p for p in waiting if not problems[p.name]]:
            say(f"{program.name:22} up after {time.monotonic() - started:4.0f} s")
            waiting.remove(program)
        late = time.monotonic() - started > STARTUP_SECONDS
        fatal = [h.name for h in health(settings) if h.state == "FATAL"] if waiting else []
        if fatal or (waiting and late):
            name = (fatal or [waiting[0].name])[0]
            log = supervision.log_path(settings, name)
            raise ServiceError(
                f"{name} did not come up: {problems.get(name, 'it keeps ending')}. "
                f"Last lines of {log}:\n{_tail(log)}"
            )
        time.sleep(0.5)


def _tail(path: Path, lines: int = 15) -> str:
    text = path.read_text(errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def _write_local_settings(settings: Settings) -> None:
    """Airflow imports this file in each of its processes."""
    path = settings.home.absolute() / "airflow" / "config" / "airflow_local_settings.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("import promoloop.worker_preload\n")
