"""The environment every service, task and passthrough command runs in."""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from ml.settings import PROJECT, Settings
from promoloop import credentials

SUPERVISED = "PROMOLOOP_SUPERVISED"  # marks what `up` started, so that `down` finds all of it


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with what the platform needs laid over it.

    An `AIRFLOW__…` or `AIRFLOW_CONN_…` variable set by the user wins over the local
    default: that is how another metadata database or Spark cluster is chosen. Each of Airflow's
    users has a password from here on.
    """
    bin_folder = str(Path(sys.executable).parent)
    chosen = {k: v for k, v in os.environ.items() if k.startswith(("AIRFLOW__", "AIRFLOW_CONN_"))}
    variables = (
        dict(os.environ)
        | {"PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        | _own(settings)
        | _airflow(settings)
        | credentials.airflow_keys(settings)
        | _mlflow(settings)
        | _spark(settings)
        | _quiet()
        | chosen
    )
    for user in variables["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(","):
        credentials.password(settings, user.split(":")[0].strip())
    return variables


def log_folder(settings: Settings) -> Path:
    return settings.home.absolute() / "logs"


def spark_home() -> Path:
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _own(settings: Settings) -> dict[str, str]:
    values = settings.model_dump(mode="json", exclude_none=True)
    return {f"PROMOLOOP_{name.upper()}": str(value) for name, value in values.items()} | {
        "PROMOLOOP_HOME": str(settings.home.absolute()),
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }


def _airflow(settings: Settings) -> dict[str, str]:
    home = settings.home.absolute()
    spark = {"conn_type": "spark", "host": f"spark://{settings.host}", "port": settings.spark_port}
    url = f"http://{settings.host}:{settings.airflow_port}"
    return {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(spark),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow' / 'airflow.db'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "promoloop" / "airflow_plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{credentials.ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(
            credentials.password_file(settings)
        ),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": settings.host,
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(log_folder(settings) / "airflow"),
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(
            log_folder(settings) / "airflow" / "dag_processor"
        ),
        # Short tasks in a row: look for the next one often, and parse rarely.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",  # two cores may be busy training
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
        "AIRFLOW__COSMOS__ENABLE_MEMORY_OPTIMISED_IMPORTS": "True",
    }


def _mlflow(settings: Settings) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # its job workers serve LLM features
    }


def _spark(settings: Settings) -> dict[str, str]:
    run = settings.home.absolute() / "run" / "spark"
    return {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(run / "conf"),  # holds nothing: Java archives no classes otherwise
        "SPARK_LOCAL_IP": settings.host,  # the web pages bind to it as well
        "SPARK_LOCAL_HOSTNAME": settings.host,
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "SPARK_WORKER_OPTS": "-Dspark.worker.cleanup.enabled=true",
        "SPARK_LOCAL_DIRS": str(run / "local"),
        "SPARK_WORKER_DIR": str(run / "work"),
        "SPARK_LOG_DIR": str(log_folder(settings)),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def _quiet() -> dict[str, str]:
    """Send no usage data anywhere, and keep libraries' chatter out of the logs."""
    return {
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GX_ANALYTICS_ENABLED": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
