"""The DAGs as Airflow's parser sees them, read in a process of its own."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from ml.settings import PROJECT, Settings
from promoloop import services
from promoloop.environment import environment

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

sys.path.insert(0, sys.argv[1])
bag = DagBag(sys.argv[1])
heavy = {"tensorflow", "keras", "pyspark", "pandas", "mlflow", "great_expectations", "duckdb"}

def task(t):
    return {
        "owner": t.owner, "retries": t.retries, "queue": t.queue, "pool": t.pool,
        "timeout": t.execution_timeout and t.execution_timeout.total_seconds(),
        "policy": t.retry_policy and t.retry_policy.serialize(),
        "backoff": bool(t.retry_exponential_backoff),
        "tells_of_failure": bool(t.on_failure_callback),
        "upstream": sorted(t.upstream_task_ids), "outlets": [o.uri for o in t.outlets],
        "type": t.task_type, "rule": str(t.trigger_rule.value), "triggers": triggers(t),
        "asks": asks(t),
    }

def asks(t):
    if t.task_type != "Question":
        return None
    return {
        "options": t.options, "unanswered": t.defaults, "users": t.assigned_users,
        "hours": t.response_timeout.total_seconds() / 3600,
    }

def triggers(t):
    if t.task_type != "TriggerDagRunOperator":
        return None
    return {
        "dag": t.trigger_dag_id, "run": t.trigger_run_id, "conf": t.conf,
        "waits": t.wait_for_completion, "once": t.skip_when_already_exists,
    }

def dag(d):
    return {
        "tags": sorted(d.tags), "doc": d.doc_md or "", "catchup": d.catchup,
        "max_active_runs": d.max_active_runs, "tells_of_failure": bool(d.on_failure_callback),
        "schedule": d.timetable.__class__.__name__,
        "tasks": {t.task_id: task(t) for t in d.tasks},
    }

print(json.dumps({
    "errors": bag.import_errors,
    "heavy": sorted(heavy & sys.modules.keys()),
    "dags": {name: dag(d) for name, d in bag.dags.items()},
}))
"""


@pytest.fixture(scope="session")
def dag_settings(tmp_path_factory):
    """Settings of a home in which the DAGs parse; its policy names who may approve a plan."""
    home = tmp_path_factory.mktemp("dags")
    policy = yaml.safe_load((PROJECT / "policy.yml").read_text())
    policy["review"]["plans"] |= {"approvers": ["grace", "ada"], "answer_within_hours": 2}
    (home / "policy.yml").write_text(yaml.safe_dump(policy))
    settings = Settings(home=home, policy_path=home / "policy.yml")
    services.parse_dbt(settings)
    return settings


def parse(chosen: Settings, program: str = PARSE) -> dict[str, Any]:
    """What the program prints of the folder of DAGs as its last line, by default all of PARSE."""
    process = subprocess.run(
        [sys.executable, "-c", program, str(PROJECT / "dags")],
        env=environment(chosen),
        cwd=chosen.home,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def read_dags():
    """`parse`, for tests that read the DAGs under settings of their own."""
    return parse


@pytest.fixture(scope="session")
def parsed(dag_settings):
    return parse(dag_settings.model_copy(update={"notify_email": "ada@shop.example"}))


@pytest.fixture(scope="session")
def refresh(parsed):
    return parsed["dags"]["refresh_promotions"]["tasks"]
