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
        from ml.errors import GateError
        from ml.registry import champion, promote_if_it_passes

        if not promote_if_it_passes("demand", version) and champion("demand") is None:
            raise GateError(
                f"demand version {version} failed its gate and there is no champion to plan on; "
                "see the gate's lines above and the version in MLflow, mend the data or the "
                "model, then clear `train`"
            )

    promote(train(as_of))
