"""Train, gate, review and promote the demand model: by itself, or in a refresh with no champion."""

from datetime import timedelta
from typing import Any

from airflow.sdk import task, task_group

from ml.promotions.policy import load_policy
from orchestration.defaults import GATE
from orchestration.review import TRIGGERED_BY, answer, ask

OWNER = "model-review"


@task_group(group_id="training")
def train_and_promote(as_of: str) -> None:
    """A GPU worker that listens on the queue `gpu` takes the training where there is one.

    Somebody is asked only about a version that passed its gates, and only where the policy
    does not approve by itself.
    """

    @task(owner=OWNER, queue="gpu", pool="training", execution_timeout=timedelta(hours=2))
    def train(as_of: str) -> str:
        from datetime import date

        from ml.demand.training import train_challenger

        return train_challenger(date.fromisoformat(as_of))

    @task.short_circuit(owner=OWNER, ignore_downstream_trigger_rules=False, **GATE)
    def submit(version: str, by: str) -> bool:
        from ml import model_review
        from ml.promotions.policy import load_policy

        return model_review.submit("demand", version, load_policy().review.models, by)

    @task(owner=OWNER)
    def describe(version: str) -> str:
        from ml import model_review

        return model_review.describe("demand", version)

    @task(owner=OWNER)
    def settle(version: str, response: dict[str, Any]) -> None:
        from ml import model_review
        from ml.promotions.policy import load_policy

        review = load_policy().review.models
        model_review.settle("demand", version, review, answer(response))

    version = train(as_of)
    described = describe(version)
    asked = ask(
        "Let the challenger of the demand model serve?",
        described,
        load_policy().review.models,
        OWNER,
    )
    submit(version, TRIGGERED_BY) >> described >> asked
    settle(version, asked.output)
