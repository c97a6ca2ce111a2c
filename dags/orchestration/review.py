"""Ask a person, in Airflow's required actions, and hand the answer on."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from ml.config.approval import Answer, Review
from ml.config.policy import load_policy
from orchestration.notifications import approval_needed, tell

APPROVE, REJECT = "Approve", "Reject"
WORKING_HOURS = 4
TRIGGERED_BY = "{{ dag_run.triggering_user_name or 'the schedule' }}"


def longest_run() -> timedelta:
    """How long a run may take: its own work, and what people have to answer in."""
    review = load_policy().review
    answers = sum(
        r.answer_within_hours for r in (review.plans, review.models) if not r.approves_itself
    )
    return timedelta(hours=WORKING_HOURS + answers)


def ask(subject: str, body: Any, review: Review, owner: str) -> HITLOperator:
    """A task that waits for one of the approvers; without an answer in time, for nobody's no."""
    return HITLOperator(
        task_id="ask",
        owner=owner,
        subject=subject,
        body=body,
        options=[APPROVE, REJECT],
        defaults=REJECT,
        notifiers=tell(approval_needed),
        params={"comment": Param("", type="string", title="Comment")},
        response_timeout=timedelta(hours=review.answer_within_hours),
        assigned_users=[{"id": name, "name": name} for name in review.approvers] or None,
    )


def answer(response: dict[str, Any]) -> Answer:
    """What was answered; `responded_by_user` is empty where the time ran out."""
    user = response["responded_by_user"]
    return Answer(
        approved=response["chosen_options"] == [APPROVE] and user is not None,
        by=user["name"] if user else None,
        comment=response["params_input"].get("comment", ""),
    )
