"""### Plan a day again with what a person changed in it, and have the result approved.

The review page triggers it: each edit takes one product's promotion of a week out, or puts it on
other terms, and the plan is solved again around them. The result is a version of its own, which is
gated, reviewed and published like any other. Only the plan is made anew: a refresh of that date
must have left everything before it in the lake.

**Parameters**: `as_of`, `edits` (a list, as the review page sends it), `budget` in the shop's
currency, empty for the policy's.

**Triage notes**

* Takes a minute or two, then `review.ask` waits for a yes or no, as in `refresh_promotions`.
* `PolicyError` in `plan`: an edit asks for what `policy.yml` forbids, or the policy changed since
  the page was opened. Open the page again and edit anew.
* `GateError` or `TargetError` in `review` or `publish`: as in `refresh_promotions`.
* A later refresh of the same date plans without the edits. To keep a product out for good, say so
  in `policy.yml`.
"""

from airflow.sdk import Param, chain, dag
from orchestration.approval import review_plan
from orchestration.defaults import AS_OF, DATE, RUN
from orchestration.planning import BUDGET, EDITS, gate_plan, plan, publish
from orchestration.review import TRIGGERED_BY, longest_run


@dag(
    schedule=None,
    is_paused_upon_creation=False,
    dagrun_timeout=longest_run(),
    **RUN,
    params={
        **DATE,
        "edits": Param([], type="array", title="Edits"),
        "budget": Param(None, type=["null", "number"], minimum=0),
    },
    tags=["promotions", "review"],
    doc_md=__doc__,
)
def revise_plan() -> None:
    planned = plan(AS_OF, BUDGET, EDITS)
    reviewed = review_plan(AS_OF, planned)
    chain(planned, gate_plan(AS_OF), reviewed, publish(AS_OF, TRIGGERED_BY))


revise_plan()
