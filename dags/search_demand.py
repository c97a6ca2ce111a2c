"""### Search hyperparameters of the demand model, and propose the best.

By hand only. Trials are child runs in the MLflow experiment `demand_search`, judged on the weeks
before the backtest's first origin; the marts of the as-of date must have been written. Nothing is
switched: the parent run's artefact `demand.yml` is for a person to compare with
`mlflow/demand.yml` and to put there, and the next `train_demand` uses it.

**Triage notes**

* It ends after `trials` trials or `minutes` minutes, whichever comes first; a trial takes about as
  long as one of a training's four fits. Trainings wait while it holds the `training` pool.
* A gain of less than 1 % over `present_error` is noise of the seed: leave the file as it is.
* Trials tagged `pruned` were behind the others after some epochs, or out of time: no failure.
"""

from datetime import timedelta

from airflow.sdk import dag, task
from orchestration.defaults import AS_OF, RUN, SEARCH


@dag(
    schedule=None,
    dagrun_timeout=timedelta(hours=12),
    **RUN,
    params=SEARCH,
    tags=["models", "by-hand"],
    doc_md=__doc__,
)
def search_demand() -> None:
    @task(
        owner="model-review",
        queue="gpu",
        pool="training",
        execution_timeout=timedelta(hours=11),
    )
    def search(as_of: str, trials: str, minutes: str) -> None:
        from datetime import date

        from ml.demand.search import search_demand

        search_demand(date.fromisoformat(as_of), int(trials), float(minutes))

    search(AS_OF, "{{ params.trials }}", "{{ params.minutes }}")


search_demand()
