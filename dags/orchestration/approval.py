"""Have a plan approved before it is published."""

from typing import Any

from airflow.sdk import task, task_group

from orchestration.review import TRIGGERED_BY, answer, ask, review_terms

OWNER = "category-management"


@task_group(group_id="review")
def review_plan(as_of: str, version: str) -> None:
    """Make the release and ask for its approval; a rejected or expired one is not published."""

    @task.short_circuit(owner=OWNER, ignore_downstream_trigger_rules=False)
    def propose(as_of: str, by: str) -> bool:
        from datetime import date

        from ml.publishing.approval import propose

        return propose(date.fromisoformat(as_of), by)

    @task(owner=OWNER)
    def describe(version: str) -> str:
        from ml.publishing.approval import describe

        return describe(version)

    @task.short_circuit(owner=OWNER)
    def settle(version: str, response: dict[str, Any]) -> bool:
        from ml.publishing.approval import settle

        return settle(version, answer(response))

    described = describe(version)
    asked = ask(
        "Publish the promotion plan {{ ti.xcom_pull(task_ids='plan') }}?",
        described,
        review_terms().plans,
        OWNER,
    )
    propose(as_of, TRIGGERED_BY) >> described >> asked
    settle(version, asked.output)
