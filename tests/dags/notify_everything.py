"""Let everything happen that people are notified of, through the DAG's own callbacks.

Run by test_notifications.py in a process of its own, with the DAGs folder as its argument.
"""

import json
import os
import sys
from types import SimpleNamespace

import structlog
from airflow.callbacks.callback_requests import DagCallbackRequest
from airflow.dag_processing.dagbag import DagBag
from airflow.dag_processing.processor import _execute_dag_callbacks

from ml import lake
from ml.contracts.plan_summary import PlanSummary
from ml.errors import GateError
from ml.publishing.release_files import DOSSIER
from ml.releases import store
from ml.settings import settings

DAGS = sys.argv[1]
RUN = "by-hand"

sys.path.insert(0, DAGS)
bag = DagBag(f"{DAGS}/refresh_promotions.py")
assert not bag.import_errors, bag.import_errors
refresh = bag.dags["refresh_promotions"]


def context(task_id):
    ti = SimpleNamespace(
        task_id=task_id,
        dag_id=refresh.dag_id,
        run_id=RUN,
        try_number=1,
        map_index=-1,
        log_url="http://shop.example/log",
    )
    task = refresh.get_task(task_id)
    return {"dag": refresh, "task": task, "ti": ti, "task_instance": ti, "run_id": RUN}


def fail_gate(task_id, error):
    happened = context(task_id) | {"exception": error}
    for callback in happened["task"].on_failure_callback:
        callback(happened)


def ask():
    happened = context("review.ask")
    happened["task"].subject = "Publish the promotion plan 2017-12-04-a?"
    happened["task"].body = "* 2 promotions"
    for notifier in happened["task"].notifiers:
        notifier(happened)


def fail_run():
    request = DagCallbackRequest(
        filepath="refresh_promotions.py",
        bundle_name="dags",
        bundle_version=None,
        dag_id=refresh.dag_id,
        run_id=RUN,
        is_failure_callback=True,
        msg="timed_out",
    )
    _execute_dag_callbacks(bag, request, structlog.get_logger())


def go_live(version):
    """What `publish` leaves behind for a notification, then the task's success."""
    summary = PlanSummary(
        plan_version=version,
        promotions=2,
        products=1,
        promotions_by_mechanic={"percent_off": 2},
        cost=5.0,
        budget=9.0,
        incremental_margin=7.0,
        incremental_margin_p10=3.0,
        optimality_gap=0.0,
    )
    release = store.folder(version)
    release.mkdir(parents=True)
    (release / lake.MANIFEST).write_text("{}")
    (release / DOSSIER).write_text(json.dumps({"summary": summary.to_dict()}))
    store.point_at(version)
    for callback in refresh.get_task("publish").on_success_callback:
        callback(context("publish"))


def nobody_is_named():
    from orchestration.notifications import gate_failed, notify

    del os.environ["PROMOLOOP_NOTIFY_EMAIL"], os.environ["PROMOLOOP_NOTIFY_HTTP"]
    settings.cache_clear()
    return notify(gate_failed) == []


fail_gate("gate_plan", GateError("plan <b>x</b> {{ 7 * 7 }}: 3 rows"))
fail_gate("marts.gate", OSError("password=s3cret"))
ask()
fail_run()
go_live("2017-12-04-a")
os.environ["AIRFLOW_CONN_SMTP_DEFAULT"] = '{"conn_type": "smtp", "host": "127.0.0.1", "port": 1}'
fail_gate("gate_landing", GateError("sent by webhook alone"))
assert nobody_is_named()
