"""### Plan the promotions of the coming weeks, from today's sales to a published schedule.

Runs daily for the as-of date at the end of its data interval and sees nothing that
happened on or after it: land → gate → transform → demand → inventory → plan → gate → review →
publish, and beside demand the affinities on the Spark cluster and, where a champion
serves, customers' propensities. Where `policy.yml` names audiences `segments` makes the plan wait
for the affinity job, which writes them. A rerun for a date writes the same bytes; a failed run
leaves the last published schedule live.

**Parameters** (trigger form): `as_of` for another date, `source` for another adapter,
`horizon` in weeks, `budget` in the shop's currency. Empty means the deployment's default.

**Triage notes**

* A first run lands the whole history and trains a model: a quarter of an hour is normal.
  A usual day takes a few minutes. Worry when a task is over its own timeout.
* `SourceError`, `ContractError` or `GateError` is final and not retried: the message says which
  rows or columns and what to do. Mend the input, then clear the failed task.
* A killed or lost task is retried by itself; every task may be cleared at any time. A message that
  says to run a stage again means: clear its task.
* `GateError` in `review.settle`: who proposed also approved, which `policy.yml` forbids. Clear
  `review.ask` and let another approver answer.
* `GateError` in `publish`: its release is not approved. Clear `review.propose`, then answer
  `review.ask`. `TargetError`: mend the target that it names, then clear `publish`.
* `GateError` about a model that does not load or has no champion: run `train_demand`
  (`train_ranker`, `train_propensity`), or `roll_back_model` to a version that served before.
* No champion: `demand.training` runs. When the model fails its gate the run stops there and the
  last published schedule stays live.
* `review.ask` waits: the plan needs a yes or no in Airflow's required actions (or `promoloop
  approve`). A no, or no answer in time, publishes nothing and the live schedule stays.
* `drift.train` ran: the model drifted past `mlflow/gates.yml` and a run of `train_demand` was
  asked for, which waits until that DAG is unpaused. The day's plan keeps the champion.
* `transform.dbt_producer_watcher` does dbt's work; the other tasks of the group show its models.
"""

from airflow.sdk import (
    Asset,
    CronDataIntervalTimetable,
    Param,
    chain,
    dag,
    task,
    task_group,
)
from orchestration.approval import review_plan
from orchestration.defaults import AS_OF, DATE, GATE, RUN
from orchestration.drift import watch_demand
from orchestration.planning import BUDGET, NO_EDITS, effects, gate_plan, plan, publish, segments
from orchestration.review import TRIGGERED_BY, longest_run
from orchestration.spark import spark_job
from orchestration.training import train_and_promote
from orchestration.transform import transform

from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.contracts.outputs import FORECASTS
from ml.settings import settings

marts_asset = Asset(FCT_PRODUCT_WEEKS.name, FCT_PRODUCT_WEEKS.uri)
forecasts = Asset(FORECASTS.name, FORECASTS.uri)


@task
def land(as_of: str, source: str) -> None:
    from datetime import date

    from ml.sources.landing import land

    land(date.fromisoformat(as_of), source or None)


@task(**GATE)
def gate_landing(as_of: str) -> None:
    from datetime import date

    from ml.gates.landing import gate_landing

    gate_landing(date.fromisoformat(as_of))


@task_group(group_id="marts")
def publish_marts(as_of: str) -> None:
    @task
    def export(as_of: str) -> None:
        from datetime import date

        from ml.warehouse import export_marts

        export_marts(date.fromisoformat(as_of))

    @task(outlets=[marts_asset], **GATE)
    def gate(as_of: str) -> None:
        from datetime import date

        from ml.gates.marts import gate_marts

        gate_marts(date.fromisoformat(as_of))

    export(as_of) >> gate(as_of)


@task_group
def demand(as_of: str) -> None:
    @task.branch
    def choose_model() -> str:
        from ml.models.champions import has_champion

        return "demand.forecast" if has_champion("demand") else "demand.training.train"

    @task(outlets=[forecasts], trigger_rule="none_failed")
    def forecast(as_of: str, horizon: str) -> None:
        from datetime import date

        from ml.demand.forecast import write_forecasts
        from ml.models.registry import require_champion

        weeks = int(horizon) if horizon else None
        write_forecasts(date.fromisoformat(as_of), require_champion("demand"), weeks)

    written = forecast(as_of, "{{ params.horizon or '' }}")
    choice = choose_model()
    choice >> train_and_promote(as_of) >> written
    choice >> written


@task
def propensity(as_of: str) -> None:
    from datetime import date

    from ml.propensity.scoring import write_propensities

    write_propensities(date.fromisoformat(as_of))


@task
def inventory(as_of: str) -> None:
    from datetime import date

    from ml.inventory.projection import write_stock

    write_stock(date.fromisoformat(as_of))


@dag(
    schedule=CronDataIntervalTimetable("0 4 * * *", timezone=settings().time_zone),
    end_date=settings().scheduled_until,
    dagrun_timeout=longest_run(),
    **RUN,
    params={
        **DATE,
        "source": Param(None, type=["null", "string"], enum=[None, "complete_journey", "files"]),
        "horizon": Param(None, type=["null", "integer"], minimum=1, maximum=26, title="Weeks"),
        "budget": Param(None, type=["null", "number"], minimum=0),
    },
    tags=["promotions", "daily"],
    doc_md=__doc__,
)
def refresh_promotions() -> None:
    marts, forecast = publish_marts(AS_OF), demand(AS_OF)
    planned = plan(AS_OF, BUDGET, NO_EDITS)
    reviewed = review_plan(AS_OF, planned)
    chain(
        land(AS_OF, "{{ params.source or '' }}"),
        gate_landing(AS_OF),
        transform(AS_OF),
        marts,
        forecast,
        inventory(AS_OF),
        planned,
        gate_plan(AS_OF),
        reviewed,
        publish(AS_OF, TRIGGERED_BY),
    )
    affinity = spark_job("affinity", AS_OF)
    chain(marts, affinity, reviewed)
    chain(marts, segments(), planned)
    chain(marts, propensity(AS_OF), reviewed)
    chain(forecast, effects(AS_OF), planned)
    chain(forecast, watch_demand(AS_OF), reviewed)


refresh_promotions()
