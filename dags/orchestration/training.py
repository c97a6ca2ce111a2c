"""Train, gate and promote the demand model: by itself, or inside a refresh without a champion."""

from datetime import timedelta

from airflow.sdk import task, task_group


@task_group(group_id="training")
def train_and_promote(as_of: str) -> None:
    """A GPU worker that listens on the queue `gpu` takes the training where there is one."""

    @task(
        owner="model-review",
        queue="gpu",
        pool="training",
        execution_timeout=timedelta(hours=2),
    )
    def train(as_of: str) -> str:
        from datetime import date

        from ml.demand.training import train_challenger

        return train_challenger(date.fromisoformat(as_of))

    @task(owner="model-review")
    def promote(version: str) -> None:
        from ml.registry import promote_if_it_passes, require_champion

        promote_if_it_passes("demand", version)
        require_champion("demand")  # an old champion may stay; without any, nothing is planned

    promote(train(as_of))
