"""Play the plan and its rivals in simulated shops whose truth no plan knows.

    make bench-simulation
    python -m benchmarks.simulation [--as-of 2017-12-04] [--later 2017-12-25]

Plans the weeks from the as-of date that are complete by the later date. The last line printed is
one JSON object; money is in the shop's currency over those weeks.
"""

import json
import logging
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from benchmarks.simulation import rivals
from benchmarks.simulation.outcome import Outcome, simulate
from benchmarks.simulation.truth import Truth, refit, spread
from ml import commands, lake
from ml.config.assumptions import load_assumptions
from ml.config.policy import load_policy
from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.demand.data.panel import read_panel
from ml.errors import PolicyError
from ml.promotions.economics.options import support_shares
from ml.promotions.planning.inputs import PlanInputs, read_inputs
from ml.promotions.planning.proposal import Proposal
from ml.promotions.planning.propose import propose
from ml.promotions.spillovers.estimate import effects, partners_of
from ml.promotions.spillovers.series import make_series
from ml.settings import settings
from ml.solver.checker import violations
from ml.solver.greedy import Packing
from ml.solver.problem import NOTHING

log = logging.getLogger(__name__)

RANDOM_PLANS = 10
SEED = 7
WEEKLY = ["product_id", "week_start_date", "units", "depth", "display_share", "mailer_share"]


def main() -> None:
    """Parse, run, print."""
    parser = commands.parser(__doc__, "benchmarks.simulation")
    commands.add_as_of(parser, date(2017, 12, 4))
    parser.add_argument("--later", type=date.fromisoformat, default=date(2017, 12, 25))
    args = parser.parse_args()
    commands.log_to_terminal()
    result = compare(args.as_of, args.later)
    print(table(result))  # noqa: T201  the command's result
    print(json.dumps(result, sort_keys=True))  # noqa: T201


def compare(as_of: date, later: date) -> dict[str, Any]:
    """Every plan's incremental margin and discount over the same shops.

    Raises:
        LakeError: a table of either date is missing.
        PolicyError: no week of the plan is complete by the later date.
    """
    policy = load_policy()
    inputs = _until(read_inputs(as_of, policy), later)
    proposal = propose(inputs, policy, policy.budget)
    log.info("planned %d promotions", len(proposal.chosen[0]))
    packing = Packing.of(proposal.draft.problem)
    did = rivals.retailer(proposal, lake.read(FCT_PRODUCT_WEEKS, later, columns=WEEKLY))
    rng = np.random.default_rng(SEED)
    plans = {
        "ours": proposal.solution.choice,
        "retailer": rivals.within_limits(did, proposal, packing),
        "rule": rivals.rule(proposal, packing),
        "none": np.full_like(did, NOTHING),
        "retailer_without_limits": did,
    } | {f"random_{k}": rivals.random(packing, rng) for k in range(RANDOM_PLANS)}
    categories = inputs.products.set_index("product_id")["category"]
    shares = support_shares(inputs.weeks, categories, policy.supported_share)
    shares = shares.reindex(proposal.draft.items.category)
    played = simulate(proposal, shares, _truth(later, inputs), list(plans.values()), SEED)
    outcomes = dict(zip(plans, played, strict=True))
    chance = [outcomes.pop(f"random_{k}") for k in range(RANDOM_PLANS)]
    outcomes["random"] = Outcome(
        np.mean([each.margin for each in chance], axis=0),
        np.mean([each.discount for each in chance], axis=0),
    )
    broken = sum(
        len(violations(proposal.draft.problem, plan))
        for name, plan in plans.items()
        if name != "retailer_without_limits"
    )
    return _figures(outcomes, proposal) | {"violations": broken}


def table(result: dict[str, Any]) -> str:
    """One row per plan."""
    rows = [f"{'plan':<26}{'margin':>10}{'5 %':>10}{'95 %':>10}{'discount':>10}{'ours more':>11}"]
    for name, figures in result["plans"].items():
        low, high = figures["interval"]
        rows.append(
            f"{name:<26}{figures['margin']:>10.2f}{low:>10.2f}{high:>10.2f}"
            f"{figures['discount']:>10.2f}{figures['ours_more']:>11.2f}"
        )
    return "\n".join(rows)


def _truth(later: date, inputs: PlanInputs) -> Truth:
    """Responses and effects fitted anew on the weeks before the later date."""
    panel = read_panel(later, settings().demand_products)
    responses = refit(panel, inputs.responses)
    series = make_series(panel, responses)
    onto = partners_of(inputs.pairs, inputs.products, series.categories)
    return Truth(responses, effects(series, onto, load_assumptions().displacement))


def _until(inputs: PlanInputs, later: date) -> PlanInputs:
    """The tables with only those weeks ahead that are complete by the later date."""
    last = later - timedelta(days=7)
    in_time = inputs.forecasts["week_start_date"] <= last
    if not in_time.any():
        raise PolicyError(
            f"no week of the plan is complete by {later}: its first is "
            f"{inputs.forecasts['week_start_date'].min()}; ask for a later date"
        )
    stocked = inputs.stock["week_start_date"] <= last
    return replace(inputs, forecasts=inputs.forecasts[in_time], stock=inputs.stock[stocked])


def _figures(outcomes: dict[str, Outcome], proposal: Proposal) -> dict[str, Any]:
    ours, rule = outcomes["ours"], outcomes["rule"]
    usual = _category_margin(proposal)
    return {
        "plans": {name: _plan_figures(each, ours) for name, each in outcomes.items()},
        "category_margin": round(usual, 2),
        "more_than_rule_share": round(float((ours.margin - rule.margin).mean()) / usual, 4),
        "discount_to_rule": round(float(ours.discount.mean() / rule.discount.mean()), 4),
    }


def _plan_figures(outcome: Outcome, ours: Outcome) -> dict[str, Any]:
    more = ours.margin - outcome.margin
    return {
        "margin": _round(outcome.margin.mean()),
        "interval": [_round(end) for end in spread(outcome.margin)],
        "discount": _round(outcome.discount.mean()),
        "ours_more": _round(more.mean()),
        "ours_more_interval": [_round(end) for end in spread(more)],
        "ours_more_chance": _round((more > 0).mean()),
    }


def _category_margin(proposal: Proposal) -> float:
    """Usual margin over the weeks of all planned products of the categories we promote in."""
    items = proposal.draft.items
    codes = items.categories.codes
    promoted = np.isin(codes, np.unique(codes[proposal.chosen[0]]))
    return float((items.baseline.sum(axis=1) * items.unit_margin)[promoted].sum())


def _round(value: float) -> float:
    return round(float(value), 2)


if __name__ == "__main__":
    main()
