"""Submit a job to the Spark cluster."""

from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

from ml.settings import PROJECT
from spark_jobs import submit


def spark_job(name: str, as_of: str, *arguments: str, **task: Any) -> SparkSubmitOperator:
    """The task that runs `spark_jobs/<name>.py` for a date; `arguments` follow it."""
    return SparkSubmitOperator(
        task_id=name,
        name=f"promoloop-{name}",
        conn_id="spark_default",
        queue="spark",
        application=str(PROJECT / "spark_jobs" / f"{name}.py"),
        application_args=["--as-of", as_of, *arguments],
        conf=submit.CONF,
        driver_memory=submit.DRIVER_MEMORY,
        executor_memory=submit.EXECUTOR_MEMORY,
        executor_cores=submit.EXECUTOR_CORES,
        **task,
    )
