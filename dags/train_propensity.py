"""### Train a challenger to the propensity model, and let it take over if it passes its gates.

Runs weekly, and by hand. The model reads customers' baskets landed before the as-of date; the marts
of that date must have been written by a refresh. Once a version serves, a refresh scores every
customer's categories with it, and offers go to those who answer to one; before, the estimate made
without it is kept.

**Triage notes**

* Training takes minutes on two cores. It waits while another training holds the `training` pool.
  A training that was killed goes on from its last pass over the customers.
* `ContractError`: less than 24 weeks were landed before the date.
* A challenger that fails its gate is no failure while there is a champion.
* `GateError` in `submit`: the challenger failed and there is no champion: offers stay as they
  are without one.
* `LakeError` for a mart: refresh that as-of date first.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task
from orchestration.defaults import AS_OF, DATE, RUN
from orchestration.review import longest_run
from orchestration.training import OWNER, decide

from ml.settings import settings


@task(owner=OWNER, queue="gpu", pool="training", execution_timeout=timedelta(hours=2))
def train(as_of: str) -> str:
    from datetime import date

    from ml.propensity.training import train_challenger

    return train_challenger(date.fromisoformat(as_of))


@dag(
    schedule=CronDataIntervalTimetable("0 8 * * 1", timezone=settings().time_zone),
    end_date=settings().scheduled_until,
    dagrun_timeout=longest_run(),
    **RUN,
    params=DATE,
    tags=["models", "weekly"],
    doc_md=__doc__,
)
def train_propensity() -> None:
    decide("propensity", train(AS_OF))


train_propensity()
