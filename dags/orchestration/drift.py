"""Watch whether the demand model still fits; past a bound, have the next one trained."""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import XComArg, task, task_group


@task_group(group_id="drift")
def watch_demand(as_of: str) -> XComArg:
    """Write the drift of a day and return that task; nothing waits for the training it may start.

    The day's plan stays on the champion. A day asks for one training at most, by the run's
    name, and for none when a version was trained on the same complete weeks.
    """

    @task(owner="model-review")
    def measure(as_of: str) -> None:
        from datetime import date

        from ml.demand.drift import write_drift

        write_drift(date.fromisoformat(as_of))

    @task.short_circuit(owner="model-review")
    def is_training_due(as_of: str) -> bool:
        from datetime import date

        from ml.demand.drift import retraining_is_due

        return retraining_is_due(date.fromisoformat(as_of))

    measured = measure(as_of)
    (
        measured
        >> is_training_due(as_of)
        >> TriggerDagRunOperator(
            task_id="train",
            owner="model-review",
            trigger_dag_id="train_demand",
            trigger_run_id=f"drift__{as_of}",
            conf={"as_of": as_of},
            skip_when_already_exists=True,
        )
    )
    return measured
