"""The programs that make up the local platform: how each is started and checked."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from ml.settings import Settings
from promoloop.environment import spark_home


@dataclass(frozen=True)
class Program:
    """One long-running process; `problem` is empty when it answers as it should."""

    name: str
    command: tuple[str, ...]
    problem: Callable[[], str]


def programs(settings: Settings) -> list[Program]:
    return [*_spark(settings), _mlflow(settings), *_airflow(settings)]


def _spark(settings: Settings) -> list[Program]:
    spark_class = str(spark_home() / "bin" / "spark-class")
    deploy = "org.apache.spark.deploy"
    pages = f"http://{settings.host}:{settings.spark_ui_port}/json/"
    bind = ("--host", settings.host)
    master = (
        *(spark_class, f"{deploy}.master.Master", *bind),
        *("--port", str(settings.spark_port), "--webui-port", str(settings.spark_ui_port)),
    )
    worker = (
        *(spark_class, f"{deploy}.worker.Worker", *bind),
        *("--webui-port", str(settings.spark_worker_ui_port)),
        *("--cores", str(settings.spark_worker_cores)),
        *("--memory", settings.spark_worker_memory, settings.spark_master),
    )
    return [
        Program("spark-master", master, _json_problem(pages, lambda page: _alive(page, "status"))),
        Program("spark-worker", worker, _json_problem(pages, _worker_problem)),
    ]


def _mlflow(settings: Settings) -> Program:
    home = settings.home.absolute() / "mlflow"
    command = (
        *(_executable("mlflow"), "server", "--workers", "1", "--serve-artifacts"),
        *("--host", settings.host, "--port", str(settings.mlflow_port)),
        *("--backend-store-uri", f"sqlite:///{home / 'mlflow.db'}"),
        *("--artifacts-destination", str(home / "artifacts")),
    )
    return Program("mlflow", command, _http_problem(f"{settings.tracking_uri}/health"))


def _airflow(settings: Settings) -> list[Program]:
    airflow = _executable("airflow")
    health = f"http://{settings.host}:{settings.airflow_port}/api/v2/monitor/health"

    def part(name: str, key: str, *arguments: str) -> Program:
        command = (airflow, name, *arguments)
        return Program(
            f"airflow-{name}", command, _json_problem(health, lambda page: _component(page, key))
        )

    return [
        part("api-server", "metadatabase"),
        part("scheduler", "scheduler", "--skip-serve-logs"),
        part("dag-processor", "dag_processor"),
        part("triggerer", "triggerer", "--skip-serve-logs"),
    ]


def _executable(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _component(page: dict[str, Any], key: str) -> str:
    status = page[key]["status"]
    return "" if status == "healthy" else f"reports {status}"


def _alive(page: dict[str, Any], key: str) -> str:
    return "" if page[key] == "ALIVE" else f"reports {page[key]}"


def _worker_problem(page: dict[str, Any]) -> str:
    return "" if page["aliveworkers"] else "has not registered with the master"


def _http_problem(url: str) -> Callable[[], str]:
    def problem() -> str:
        try:
            _get(url)
        except requests.RequestException as error:
            return f"{url}: {error}"
        return ""

    return problem


def _json_problem(url: str, judge: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
    def problem() -> str:
        try:
            return judge(_get(url).json())
        except requests.RequestException as error:
            return f"{url}: {error}"

    return problem


def _get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # the services are on this machine: no proxy is asked
        answer = session.get(url, timeout=5)
    answer.raise_for_status()
    return answer
