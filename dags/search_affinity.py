"""### Search how ALS is fitted, on the Spark cluster, and propose the best.

By hand only. Trials are child runs in the MLflow experiment `affinity_search`, judged on the two
four-week windows before the as-of date by how well ALS finds products new to a customer; the marts
of the as-of date must have been written. Nothing is switched: the parent run's artefact
`affinity.yml` is for a person to compare with `mlflow/affinity.yml` and to put there. The next
refresh fits anew with it; then trigger `train_ranker`, which has learned from the old factors.

**Triage notes**

* It ends after `trials` trials or `minutes` minutes, whichever comes first.
* The two windows differ by more than most settings do (docs/experiments/affinity.md): a gain on one
  is none.
* Trials tagged `pruned` were behind the others after one window, or out of time: no failure.
* `TooFewPurchases`: less was landed than the windows and one purchase history take.
"""

from datetime import timedelta

from airflow.sdk import dag
from orchestration.defaults import AS_OF, RUN, SEARCH
from orchestration.spark import spark_job


@dag(
    schedule=None,
    dagrun_timeout=timedelta(hours=12),
    **RUN,
    params=SEARCH,
    tags=["models", "by-hand"],
    doc_md=__doc__,
)
def search_affinity() -> None:
    limits = ["--trials", "{{ params.trials }}", "--minutes", "{{ params.minutes }}"]
    spark_job(
        "search_affinity",
        AS_OF,
        *limits,
        owner="model-review",
        pool="training",
        execution_timeout=timedelta(hours=11),
    )


search_affinity()
