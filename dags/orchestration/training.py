"""Train, gate, review and promote models: by themselves, or in a refresh with no champion."""

from datetime import timedelta
from typing import Any

from airflow.sdk import task, task_group

from orchestration.defaults import GATE
from orchestration.review import TRIGGERED_BY, answer, ask, review_terms

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

    decide("demand", train(as_of))


def decide(model: str, version: str) -> None:
    """Judge a challenger by its gates, ask about it, and let it serve or not."""

    @task.short_circuit(owner=OWNER, ignore_downstream_trigger_rules=False, **GATE)
    def submit(version: str, by: str) -> bool:
        from ml.config.policy import load_policy
        from ml.models import champions

        return champions.submit(model, version, load_policy().review.models, by)

    @task(owner=OWNER)
    def describe(version: str) -> str:
        from ml.models import champions

        return champions.describe(model, version)

    @task(owner=OWNER)
    def settle(version: str, response: dict[str, Any]) -> None:
        from ml.config.policy import load_policy
        from ml.models import champions

        review = load_policy().review.models
        champions.settle(model, version, review, answer(response))

    described = describe(version)
    asked = ask(
        f"Let the challenger of the model {model} serve?",
        described,
        review_terms().models,
        OWNER,
    )
    submit(version, TRIGGERED_BY) >> described >> asked
    settle(version, asked.output)
