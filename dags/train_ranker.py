"""### Train a challenger to the ranker of candidates, and let it take over if it is better.

Runs weekly, and by hand, on the Spark cluster. The ranker learns from what lies before the as-of
date; the marts of that date must have been written by a refresh. It becomes champion only when
it passes `mlflow/gates.yml`. Before there is a champion, ALS and the customer's own habit rank.

**Triage notes**

* Training takes minutes on two cores: two past windows are each seen with what was known then.
* `TooFewPurchases`: the landed history is shorter than the windows and one purchase history.
* A challenger that fails its gate is no failure while there is a champion.
* `GateError` in `submit`: the challenger failed and there is no champion: candidates stay as
  they are without one.
"""

from airflow.sdk import CronDataIntervalTimetable, dag, task
from orchestration.defaults import AS_OF, DATE, RUN
from orchestration.review import longest_run
from orchestration.spark import spark_job
from orchestration.training import OWNER, decide

from ml.settings import settings


@task(owner=OWNER)
def registered() -> str:
    from ml.affinity.store import NAME
    from ml.models.registry import CHALLENGER, aliases

    return aliases(NAME)[CHALLENGER]


@dag(
    schedule=CronDataIntervalTimetable("0 7 * * 1", timezone=settings().time_zone),
    end_date=settings().scheduled_until,
    dagrun_timeout=longest_run(),
    **RUN,
    params=DATE,
    tags=["models", "weekly"],
    doc_md=__doc__,
)
def train_ranker() -> None:
    version = registered()
    spark_job("train_ranker", AS_OF) >> version
    decide("ranker", version)


train_ranker()
