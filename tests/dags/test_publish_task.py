"""What the task that publishes makes of a plan that may not be published."""

import subprocess
import sys

import pytest

from ml.settings import PROJECT
from promoloop.environment import environment

PUBLISH = """
import sys
from airflow.dag_processing.dagbag import DagBag

import ml.publishing.publish
from ml import errors

def publish(as_of, by):
    raise getattr(errors, sys.argv[2])("the message")

ml.publishing.publish.publish = publish
sys.path.insert(0, sys.argv[1])
task = DagBag(f"{sys.argv[1]}/revise_plan.py").dags["revise_plan"].get_task("publish")
try:
    task.python_callable("2017-12-04", "Ada")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("error", "raised"),
    [("OutdatedPlanError", "AirflowSkipException"), ("GateError", "GateError")],
)
def test_a_plan_older_than_the_live_one_is_skipped_and_every_other_refusal_fails(
    dag_settings, error, raised
):
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(PROJECT / "dags"), error],
        env=environment(dag_settings),
        cwd=dag_settings.home,
        capture_output=True,
        text=True,
    )

    assert done.stdout.splitlines()[-1:] == [f"{raised} the message"], done.stderr
