"""supervisord, which starts the programs, restarts what falls and stops them all."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from ml.errors import ServiceError
from ml.settings import Settings
from promoloop.environment import SUPERVISED, environment, log_folder
from promoloop.processes import Program, programs

GRACE_SECONDS = 15


def run_folder(settings: Settings) -> Path:
    return settings.home.absolute() / "run"


def socket_path(settings: Settings) -> Path:
    return run_folder(settings) / "supervisor.sock"


def config_path(settings: Settings) -> Path:
    return run_folder(settings) / "supervisord.conf"


def log_path(settings: Settings, program: str) -> Path:
    return log_folder(settings) / f"{program}.log"


def config_text(settings: Settings) -> str:
    """The configuration: a private socket and no TCP server, one section a program."""
    run = run_folder(settings)
    head = f"""\
[supervisord]
logfile={log_path(settings, "supervisord")}
logfile_maxbytes=10MB
logfile_backups=1
pidfile={run / "supervisord.pid"}
childlogdir={log_folder(settings)}
directory={run}
umask=077

[unix_http_server]
file={socket_path(settings)}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_section(settings, program) for program in programs(settings))


def _section(settings: Settings, program: Program) -> str:
    command = " ".join(f'"{word}"' for word in program.command).replace("%", "%%")
    return f"""
[program:{program.name}]
command={command}
autostart=false
autorestart=true
startsecs=3
startretries=3
stopwaitsecs={GRACE_SECONDS}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={log_path(settings, program.name)}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
"""


def proxy(settings: Settings) -> Any:
    """The methods of the running supervisord."""
    transport = SupervisorTransport(None, None, f"unix://{socket_path(settings)}")
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def is_running(settings: Settings) -> bool:
    """Whether supervisord answers: one that was killed, or is shutting down, does not."""
    if not socket_path(settings).exists():
        return False
    try:
        return bool(proxy(settings).getState()["statename"] == "RUNNING")
    except (OSError, Fault):
        return False


def start(settings: Settings) -> None:
    """Start supervisord in the background; it starts no program by itself."""
    log_folder(settings).mkdir(parents=True, exist_ok=True)
    run_folder(settings).mkdir(parents=True, exist_ok=True)
    socket_path(settings).unlink(missing_ok=True)
    config_path(settings).write_text(config_text(settings))
    subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(config_path(settings))],
        env=environment(settings) | {SUPERVISED: str(run_folder(settings))},
        check=True,
    )
    deadline = time.monotonic() + 20
    while not is_running(settings):
        if time.monotonic() > deadline:
            raise ServiceError(
                f"supervisord did not answer on {socket_path(settings)} in 20 s; "
                f"see {log_path(settings, 'supervisord')}"
            )
        time.sleep(0.1)


def stop(settings: Settings) -> None:
    """Stop supervisord and everything it or its children ever started here."""
    left = supervised(settings)
    if is_running(settings):
        proxy(settings).shutdown()
        _, left = psutil.wait_procs(left, timeout=2 * GRACE_SECONDS)
    for process in left:
        _signal(process, "terminate")
    _, left = psutil.wait_procs(left, timeout=GRACE_SECONDS)
    for process in left:
        _signal(process, "kill")
    psutil.wait_procs(left, timeout=5)
    for stale in (socket_path(settings), run_folder(settings) / "supervisord.pid"):
        stale.unlink(missing_ok=True)


def supervised(settings: Settings) -> list[psutil.Process]:
    """Every live process that `start` began, down to Spark's executors and Airflow's tasks.

    They carry a mark in their environment, but a process that renames itself, as Airflow's do,
    may overwrite it: such a one is recognised by supervisord's session and its working folder, or
    by its parent.
    """
    session = _session(settings)
    roots = [p for p in psutil.process_iter() if _is_ours(p, settings, session)]
    processes = {process.pid: process for process in roots}
    for process in roots:
        processes |= {child.pid: child for child in _children(process)}
    processes.pop(os.getpid(), None)
    return [process for process in processes.values() if _is_alive(process)]


def _session(settings: Settings) -> int | None:
    """The session that supervisord leads, or led until it was killed."""
    path = run_folder(settings) / "supervisord.pid"
    return int(path.read_text()) if path.exists() else None


def _is_ours(process: psutil.Process, settings: Settings, session: int | None) -> bool:
    run = str(run_folder(settings))
    try:
        if process.environ().get(SUPERVISED) == run:
            return True
        return os.getsid(process.pid) == session and process.cwd().startswith(run)
    except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, how: str) -> None:
    try:
        getattr(process, how)()
    except psutil.NoSuchProcess:
        return
