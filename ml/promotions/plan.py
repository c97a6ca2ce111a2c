"""Plan the promotions of the weeks ahead: forecasts, responses and stock to a plan."""

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ml import lake
from ml.config.policy import load_policy
from ml.contracts.outputs import ALTERNATIVES, FORECASTS, PLAN
from ml.files import replace_text, to_json
from ml.promotions.audiences.segments import READ as AUDIENCES
from ml.promotions.economics.retention import BUYERS
from ml.promotions.explanation.alternatives import alternatives
from ml.promotions.explanation.rows import plan_lines
from ml.promotions.explanation.summary import summarise
from ml.promotions.planning.edits import Edit
from ml.promotions.planning.inputs import INPUTS, read_known
from ml.promotions.planning.propose import propose
from ml.releases.history import live_before
from ml.settings import settings

log = logging.getLogger(__name__)


def write_plan(as_of: date, budget: float | None = None, edits: Sequence[Edit] = ()) -> str:
    """Write the PLAN partition of as_of and its summary; return the plan's version.

    `budget` replaces the policy's; `edits` are what a person decided, and are kept as told.

    Raises:
        LakeError: a table of as_of is missing.
        PolicyError: policy.yml or assumptions.yml holds an unusable value.
        InfeasibleError: a limit is negative, or rules every option of every product out.
    """
    policy = load_policy()
    proposal, reason = propose(
        read_known(as_of, policy), policy, policy.budget if budget is None else budget, edits=edits
    )
    models = lake.manifest(FORECASTS, as_of).models
    lines = plan_lines(proposal, as_of, models)
    tables = [*INPUTS, *(BUYERS if policy.objective.retention else ())]
    tables += AUDIENCES if policy.audiences else ()
    inputs = lake.inputs(tables, as_of)
    if live := live_before(as_of):
        inputs["published_schedule"] = live[0]
    summary = summarise(proposal, lines, reason) | {
        "edits": [edit.model_dump(mode="json") for edit in edits]
    }
    lake.write(ALTERNATIVES, as_of, alternatives(proposal, lines), inputs, models)
    lake.write(PLAN, as_of, lines, inputs, models)
    replace_text(summary_path(as_of), to_json(summary))
    log.info(
        "plan %s: %d promotions, cost %.2f of %.2f, incremental margin %.2f, gap %.4f %%",
        summary["plan_version"],
        summary["promotions"],
        summary["cost"],
        summary["budget"],
        summary["incremental_margin"],
        100 * summary["optimality_gap"],
    )
    return str(summary["plan_version"])


def summary_path(as_of: date) -> Path:
    """Where the summary of as_of's plan lies, as JSON."""
    return settings().lake / PLAN.layer / "summary" / f"as_of={as_of.isoformat()}.json"
