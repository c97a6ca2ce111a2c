"""### What if: plan a planned day again under other limits, beside its plan; nothing is published.

By hand. A refresh of that date must have left a plan in the lake; the plan stays as it is. The
scenario's promotions and the difference in money by category are written under
`lake/promotions/scenarios/as_of=<date>/`, by the scenario's version, and the totals stand in the
task's log and its return value.

**Parameters** (trigger form): `as_of`; `budget` over the horizon; `floor`, the least margin as a
share of the promo price; `slots`, the most promotions of a category in a week; `exclude`, products,
categories or departments; `must`, products promoted at least once. Empty means as in `policy.yml`.

**Triage notes**

* Takes a minute or two. `promoloop plan --budget ... --exclude ...` does the same on a terminal.
* `PolicyError`: a limit is no number that `policy.yml` would accept, or a name is unknown.
* `InfeasibleError`: the limits contradict each other; the message says which and by how much.
* `LakeError`: no plan was made for that date yet. Run `refresh_promotions` for it.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task
from orchestration.defaults import AS_OF, DATE, RUN


@dag(
    schedule=None,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=1),
    **RUN,
    params={
        **DATE,
        "budget": Param(None, type=["null", "number"], minimum=0, title="Budget"),
        "floor": Param(None, type=["null", "number"], minimum=0, title="Margin floor"),
        "slots": Param(None, type=["null", "integer"], minimum=0, title="Slots"),
        "exclude": Param([], type="array", title="Exclude"),
        "must": Param([], type="array", title="Must be promoted"),
    },
    tags=["promotions", "by-hand"],
    doc_md=__doc__,
)
def what_if() -> None:
    @task(owner="category-management")
    def plan_scenario(as_of: str, params: dict | None = None) -> dict[str, str]:
        from datetime import date

        from ml.promotions.scenario import compare, scenario_of

        return compare(date.fromisoformat(as_of), scenario_of(params or {})).to_dict()

    plan_scenario(AS_OF)


what_if()
