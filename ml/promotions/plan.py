"""Plan the promotions of the weeks ahead: forecasts, responses and stock to a plan."""

import json
import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ml import lake
from ml.config.policy import Policy, load_policy
from ml.contracts.outputs import ALTERNATIVES, FORECASTS, PLAN
from ml.contracts.plan_summary import PlanSummary
from ml.files import replace_text, to_json
from ml.promotions.audiences.segments import READ as AUDIENCES
from ml.promotions.economics.retention import BUYERS
from ml.promotions.explanation.alternatives import alternatives
from ml.promotions.explanation.rows import plan_rows
from ml.promotions.explanation.summary import summarise
from ml.promotions.planning.edits import Edit
from ml.promotions.planning.frontier import frontier, tradeoff_points
from ml.promotions.planning.inputs import INPUTS, read_inputs
from ml.promotions.planning.propose import propose
from ml.releases.history import live_before
from ml.settings import settings

log = logging.getLogger(__name__)


def write_plan(as_of: date, budget: float | None = None, edits: Sequence[Edit] = ()) -> str:
    """Write the PLAN partition of as_of and its summary; return the plan's version.

    `budget` replaces the policy's; `edits` are what a person decided.

    Raises:
        LakeError: a table of as_of is missing.
        PolicyError: policy.yml or assumptions.yml holds an unusable value.
        InfeasibleError: a limit is negative, or rules every option of every product out.
    """
    policy = load_policy()
    money = policy.budget if budget is None else budget
    proposal = propose(read_inputs(as_of, policy), policy, money, edits=edits)
    models = lake.manifest(FORECASTS, as_of).models
    rows = plan_rows(proposal, as_of, models)
    summary = summarise(proposal, rows, frontier(proposal), tradeoff_points(proposal), edits)
    hashes = _input_hashes(as_of, policy)
    lake.write(ALTERNATIVES, as_of, alternatives(proposal), hashes, models)
    lake.write(PLAN, as_of, rows, hashes, models)
    replace_text(summary_path(as_of), to_json(summary.to_dict()))
    log.info(
        "plan %s: %d promotions, cost %.2f of %.2f, incremental margin %.2f, gap %.4f %%",
        summary.plan_version,
        summary.promotions,
        summary.cost,
        summary.budget,
        summary.incremental_margin,
        100 * summary.optimality_gap,
    )
    return summary.plan_version


def _input_hashes(as_of: date, policy: Policy) -> dict[str, str]:
    """Content hashes of the tables that a plan under the policy is made from, by name."""
    tables = [*INPUTS, *(BUYERS if policy.objective.retention else ())]
    tables += AUDIENCES if policy.audiences else ()
    hashes = lake.inputs(tables, as_of)
    if live := live_before(as_of):
        hashes["published_schedule"] = live[0]
    return hashes


def summary_path(as_of: date) -> Path:
    """Where the summary of as_of's plan lies, as JSON."""
    return settings().lake / PLAN.layer / "summary" / f"as_of={as_of.isoformat()}.json"


def read_summary(as_of: date) -> PlanSummary:
    """The summary of as_of's plan.

    Raises:
        ContractError: it was written by a version with other fields.
    """
    return PlanSummary.from_dict(json.loads(summary_path(as_of).read_text(encoding="utf-8")))
