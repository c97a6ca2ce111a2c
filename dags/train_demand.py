"""### Train a challenger to the demand model, and let it take over if it is better.

Runs weekly, and by hand. A refresh that finds no champion runs the same tasks itself. The
model trains on what lies before the as-of date; the marts of that date must have been
written by a refresh. It becomes champion only when it passes `mlflow/gates.yml`.

**Triage notes**

* Training takes minutes on two cores. It waits while another training holds the `training` pool.
* A challenger that fails its gate is no failure while there is a champion: it stays registered,
  with its metrics in MLflow, and the champion stays.
* `GateError` in `promote`: the challenger failed and there is no champion at all.
* `LakeError` for a mart: refresh that as-of date first.
"""

from airflow.sdk import CronDataIntervalTimetable, dag
from orchestration.defaults import AS_OF, DATE, RUN
from orchestration.review import longest_run
from orchestration.training import train_and_promote

from ml.settings import settings


@dag(
    schedule=CronDataIntervalTimetable("0 6 * * 1", timezone=settings().time_zone),
    end_date=settings().scheduled_until,
    dagrun_timeout=longest_run(),
    **RUN,
    params=DATE,
    tags=["models", "weekly"],
    doc_md=__doc__,
)
def train_demand() -> None:
    train_and_promote(AS_OF)


train_demand()
