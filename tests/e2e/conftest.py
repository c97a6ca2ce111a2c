"""The running platform: its own state folder and ports, a small real retailer."""

import contextlib
import hashlib
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from retailer import PRODUCTS, write_retailer

from ml.errors import ServiceError
from ml.settings import PROJECT, Settings
from ml.settings import settings as current_settings
from promoloop import services
from promoloop.airflow_api import AirflowApi
from promoloop.progress import failures, follow

DAG = "refresh_promotions"
MODEL_REVIEWER = "grace"
USERS = f"admin:admin,{MODEL_REVIEWER}:user"
PORTS = ("airflow_port", "mlflow_port", "spark_port", "spark_ui_port", "spark_worker_ui_port")


@dataclass
class Platform:
    """The services under test, and what a user does with them."""

    settings: Settings
    export: Path
    api: AirflowApi

    def refresh(self, as_of: date, run_id: str, kill: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Run the refresh to its end, approving its model and its plan when it asks.

        The first try of each task in `kill` is killed.
        """
        self.api.wait_for_dag(DAG)
        self.api.unpause(DAG)
        self.api.trigger(DAG, run_id, {"as_of": as_of.isoformat()})
        killer = Killer(self.api, run_id, set(kill))
        with killer:
            state = follow(self.api, DAG, run_id, partial(self._approve, as_of))
        tasks = self.api.tasks(DAG, run_id)
        assert state == "success", failures(self.settings, tasks)
        assert killer.wanted == set(), f"never caught running: {killer.wanted}"
        return tasks

    def _approve(self, as_of: date, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        if "training.ask" in line and "waits for an answer" in line:
            with pytest.raises(ServiceError, match="not a respondent"):
                self.api.answer("the model demand", "Approve", "the admin is no approver")
            reviewer = AirflowApi(self.settings, MODEL_REVIEWER)
            reviewer.answer("the model demand", "Approve", "beats its yardsticks")
        elif "waits for an answer" in line:
            self.api.answer(as_of.isoformat(), "Approve", "read and found good")

    def published(self) -> dict[str, str]:
        """Hash by path of the live version, its own name included."""
        version = (self.settings.published / "current").resolve()
        return {
            f"{version.name}/{path.relative_to(version)}": hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in sorted(version.rglob("*"))
            if path.is_file()
        }

    def forget_everything_but_the_model(self) -> None:
        self.settings.warehouse.unlink()
        for folder in (self.settings.lake, self.settings.published):
            shutil.rmtree(folder)


class Killer(threading.Thread):
    """Sends SIGKILL to the first try of each wanted task while it runs."""

    def __init__(self, api: AirflowApi, run_id: str, wanted: set[str]) -> None:
        super().__init__(daemon=True)
        self.wanted = wanted
        self._api, self._run_id = api, run_id
        self._over = threading.Event()

    def __enter__(self) -> "Killer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while self.wanted and not self._over.wait(0.2):
            for task in self._api.tasks(DAG, self._run_id):
                if task["task_id"] in self.wanted and task["state"] == "running":
                    self._kill(task)

    def _kill(self, task: dict[str, Any]) -> None:
        title = f"airflow worker -- {task['id']}"
        for process in psutil.process_iter(["cmdline"]):
            if title in " ".join(process.info["cmdline"] or []):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
                    self.wanted.discard(task["task_id"])


started = contextlib.ExitStack()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """One platform for every module of this folder, stopped after the last of them."""
    return started.enter_context(running_platform(tmp_path_factory.mktemp("platform")))


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or not nextitem.path.is_relative_to(Path(__file__).parent):
        started.close()


def pytest_sessionfinish() -> None:
    started.close()


@contextlib.contextmanager
def running_platform(base: Path) -> Iterator[Platform]:
    export = write_retailer(base / "export")
    chosen = Settings(
        home=base / "home",
        source="files",
        source_path=export,
        policy_path=policy_that_asks(base),
        scheduled_until=datetime(2018, 1, 1, tzinfo=UTC),  # long ago: no runs but those asked for
        demand_products=PRODUCTS,
        demand_steps=60,
        **dict(zip(PORTS, free_ports(len(PORTS)), strict=True)),
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in chosen.model_dump(mode="json", exclude_none=True).items():
            patch.setenv(f"PROMOLOOP_{name.upper()}", str(value))
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", USERS)
        current_settings.cache_clear()
        try:
            services.up(chosen, print)
            yield Platform(chosen, export, AirflowApi(chosen))
        finally:
            services.down(chosen)
    current_settings.cache_clear()
    assert left_running(base) == []


def policy_that_asks(folder: Path) -> Path:
    """The project's policy, but plans wait for a yes, and models for one of their reviewer."""
    policy = yaml.safe_load((PROJECT / "policy.yml").read_text())
    policy["review"]["plans"]["auto_approve"] = False
    policy["review"]["models"] |= {"auto_approve": False, "approvers": [MODEL_REVIEWER]}
    path = folder / "policy.yml"
    path.write_text(yaml.safe_dump(policy))
    return path


def left_running(folder: Path) -> list[str]:
    """Command lines of processes that still hold the platform's state folder."""
    deadline = time.monotonic() + 10
    while True:
        lines = [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cmdline", "pid"])
            if process.info["pid"] != os.getpid()
        ]
        found = [line for line in lines if str(folder) in line]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
