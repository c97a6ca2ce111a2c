"""DAGs that put an older schedule, or an older version of a model, back."""

from airflow.sdk import Param, dag, task
from orchestration.defaults import GOES_LIVE, RUN
from orchestration.review import TRIGGERED_BY

WHY = Param(type="string", minLength=3, title="Why", description="Kept in the audit log.")
VERSION = "{{ params.version }}"
REASON = "{{ params.why }}"


@dag(
    schedule=None,
    **RUN,
    params={
        "version": Param(
            type="string", title="Plan version", description="A folder of published/."
        ),
        "why": WHY,
    },
    tags=["promotions", "by-hand"],
)
def roll_back_schedule() -> None:
    """### Make an older published schedule the live one.

    Its files are checked against their manifest first. The next refresh publishes its own plan
    again: pause `refresh_promotions` to stay on the older one.

    **Triage notes**

    * `LakeError`: no such version is published, or its files were changed; the message names
      those that are there. What was live stays live.
    """

    @task(owner="category-management", **GOES_LIVE)
    def roll_back(version: str, by: str, why: str) -> None:
        from ml.publishing.publish import roll_back

        roll_back(version, by, why)

    roll_back(VERSION, TRIGGERED_BY, REASON)


@dag(
    schedule=None,
    **RUN,
    params={
        "model": Param("demand", type="string", enum=["demand", "ranker", "propensity"]),
        "version": Param(type="string", pattern="^[0-9]+$", title="Version"),
        "why": WHY,
    },
    tags=["models", "by-hand"],
)
def roll_back_model() -> None:
    """### Let a version of a model that served before serve again.

    The version is loaded first. The move is written to MLflow's experiment `champions`.

    **Triage notes**

    * `GateError`: the version never served, is gone or does not load; the champion stays. The
      message names those that served.
    """

    @task(owner="model-review")
    def roll_back(model: str, version: str, by: str, why: str) -> None:
        from ml.models.champions import roll_back
        from ml.registered import LOADERS

        roll_back(model, version, by, why, LOADERS[model])

    roll_back("{{ params.model }}", VERSION, TRIGGERED_BY, REASON)


roll_back_schedule()
roll_back_model()
