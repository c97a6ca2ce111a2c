"""What every DAG and task gets: an owner, retries, limits, and who hears of a failure."""

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule

from ml.errors import PromoloopError
from ml.settings import settings
from orchestration.notifications import gate_failed, notify, published, run_failed

log = logging.getLogger(__name__)

FIRST_DAY = datetime(2017, 1, 2, tzinfo=UTC)

# A manual run says the date; a scheduled or backfilled one is for the end of its interval.
AS_OF = "{{ params.as_of or (dag_run.data_interval_end or dag_run.run_after) | shop_day }}"


def shop_day(moment: datetime) -> str:
    """The date in the shop's own time zone, as YYYY-MM-DD."""
    return moment.astimezone(ZoneInfo(settings().time_zone)).date().isoformat()


def report_failure(context: dict) -> None:
    """One line that a log search or an alert rule finds, with where to look."""
    task = context["task_instance"]
    log.error(
        "promoloop_task_failed dag=%s task=%s run=%s try=%s error=%r log=%s",
        task.dag_id,
        task.task_id,
        task.run_id,
        task.try_number,
        str(context.get("exception")),
        task.log_url,
    )


DEFAULT_ARGS = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": ExceptionRetryPolicy([RetryRule(PromoloopError, RetryAction.FAIL)]),
    "execution_timeout": timedelta(minutes=30),
    "on_failure_callback": report_failure,
}
GATE = {"on_failure_callback": [report_failure, *notify(gate_failed)]}
GOES_LIVE = {"on_success_callback": notify(published)}
# What every DAG gets, beside its name, its schedule and its parameters.
RUN = {
    "start_date": FIRST_DAY,
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULT_ARGS,
    "user_defined_filters": {"shop_day": shop_day},
    "on_failure_callback": notify(run_failed),
}
DATE = {"as_of": Param(None, type=["null", "string"], format="date", title="As-of date")}
SEARCH = {
    **DATE,
    "trials": Param(20, type="integer", minimum=1, title="At most so many trials"),
    "minutes": Param(60, type="integer", minimum=1, maximum=600, title="At most so long"),
}
