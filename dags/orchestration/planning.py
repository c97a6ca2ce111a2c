"""The tasks around a plan's review: plan, gate, publish."""

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import Asset, task

from ml.contracts.outputs import PLAN
from orchestration.approval import OWNER
from orchestration.defaults import GATE, GOES_LIVE

if TYPE_CHECKING:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

plan_asset = Asset(PLAN.name, PLAN.uri)
schedule = Asset("published_schedule", "lake://published/current")
BUDGET = "{{ '' if params.budget is none else params.budget }}"
EDITS = "{{ params.edits | tojson }}"
NO_EDITS = "[]"
LONGEST_WAIT = timedelta(hours=2)  # for the segments


@task
def effects(as_of: str) -> None:
    from datetime import date

    from ml.promotions.spillovers.estimate import write_effects

    write_effects(date.fromisoformat(as_of))


@task.sensor(mode="reschedule", poke_interval=15, timeout=LONGEST_WAIT.total_seconds())
def segments(ti: "RuntimeTaskInstance") -> bool:
    """Lets the plan go on at once, or after `affinity` where the policy names audiences."""
    from ml.config.policy import load_policy
    from ml.promotions.audiences.segments import require_segments

    if not load_policy().audiences:
        return True
    states = ti.get_task_states(ti.dag_id, task_ids=["affinity"], run_ids=[ti.run_id])
    state = states[ti.run_id].get("affinity")
    require_segments(will_be_written=state not in ("failed", "upstream_failed"))
    return bool(state == "success")


@task(owner=OWNER)
def plan(as_of: str, budget: str, edits: str) -> str:
    from datetime import date

    from ml.promotions.plan import write_plan
    from ml.promotions.planning.edits import edits_from_json

    asked = edits_from_json(edits)
    return write_plan(date.fromisoformat(as_of), float(budget) if budget else None, asked)


@task(owner=OWNER, outlets=[plan_asset], **GATE)
def gate_plan(as_of: str) -> None:
    from datetime import date

    from ml.promotions.gate import gate_plan

    gate_plan(date.fromisoformat(as_of))


@task(owner=OWNER, outlets=[schedule], trigger_rule="none_failed", **GOES_LIVE)
def publish(as_of: str, by: str) -> str:
    """Skipped where a plan of a later date is live, so that a backfill ends well."""
    from datetime import date

    from airflow.sdk.exceptions import AirflowSkipException

    from ml.errors import OutdatedPlanError
    from ml.publishing.publish import publish

    try:
        return publish(date.fromisoformat(as_of), by)
    except OutdatedPlanError as error:
        raise AirflowSkipException(str(error)) from error
