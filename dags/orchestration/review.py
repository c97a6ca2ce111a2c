"""Ask a person, in Airflow's required actions, and hand the answer on."""

import logging
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param

from ml.config.approval import Review, ReviewAnswer
from ml.config.policy import Reviews, load_policy
from ml.errors import PolicyError
from orchestration.notifications import approval_needed, notify

APPROVE, REJECT = "Approve", "Reject"
WORKING_HOURS = 4
TRIGGERED_BY = "{{ dag_run.triggering_user_name or 'the schedule' }}"
UNREAD = Review(auto_approve=False)

log = logging.getLogger(__name__)


def review_terms() -> Reviews:
    """Who approves, and within how many hours, as policy.yml says while a DAG is parsed.

    Airflow assigns users and limits times when it parses a DAG, so this cannot wait for a task.
    Where the policy is wrong the DAG still parses, with nobody assigned and the default hours: the
    first task that reads the policy fails with its error, and `Question` does before it is asked.
    """
    try:
        return load_policy().review
    except PolicyError as error:
        log.warning("promoloop_policy_unusable error=%s", error)
        return Reviews(plans=UNREAD, models=UNREAD)


class Question(HITLOperator):
    """A question to the approvers, which is never asked on the terms of an unusable policy."""

    def execute(self, context: Context) -> Any:
        """Raise the policy's error, if it has one; else ask."""
        load_policy()
        return super().execute(context)


def longest_run() -> timedelta:
    """How long a run may take: its own work, and the time people have to answer."""
    review = review_terms()
    answers = sum(
        r.answer_within_hours for r in (review.plans, review.models) if not r.approves_itself
    )
    return timedelta(hours=WORKING_HOURS + answers)


def ask(subject: str, body: Any, review: Review, owner: str) -> Question:
    """A task that waits for an approver's answer; without one in time, the answer is no."""
    return Question(
        task_id="ask",
        owner=owner,
        subject=subject,
        body=body,
        options=[APPROVE, REJECT],
        defaults=REJECT,
        notifiers=notify(approval_needed),
        params={"comment": Param("", type="string", title="Comment")},
        response_timeout=timedelta(hours=review.answer_within_hours),
        assigned_users=[{"id": name, "name": name} for name in review.approvers] or None,
    )


def answer(response: dict[str, Any]) -> ReviewAnswer:
    """The answer in a response; its `responded_by_user` is empty where the time ran out."""
    user = response["responded_by_user"]
    return ReviewAnswer(
        approved=response["chosen_options"] == [APPROVE] and user is not None,
        by=user["name"] if user else None,
        comment=response["params_input"].get("comment", ""),
    )
