"""Count every limit of the policy on the rows of a plan."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ml.config.policy import Policy
from ml.contracts.plan_summary import PlanSummary
from ml.promotions.planning.edits import read_edits
from ml.promotions.recount.demands import demand_faults
from ml.promotions.recount.facts import DayFacts, Promotion, promotions, read_day_facts
from ml.promotions.recount.limits import limit_faults
from ml.promotions.recount.options import option_faults
from ml.promotions.recount.stock import stock_faults


def recount(
    as_of: date, plan: pd.DataFrame, stock: pd.DataFrame, policy: Policy, summary: PlanSummary
) -> list[str]:
    """`broken_limits` of the plan against the tables of as_of.

    Raises:
        LakeError: a table of as_of is missing.
    """
    return broken_limits(plan, read_day_facts(as_of, stock), policy, summary)


def broken_limits(
    plan: pd.DataFrame, facts: DayFacts, policy: Policy, summary: PlanSummary
) -> list[str]:
    """Each limit that the rows of PLAN break, in words; empty when they keep all.

    The policy's own numbers are counted on the rows; the summary gives the budget that the run
    was given, the edits, and the room that offers share in their companions' stock.
    """
    planned = promotions(plan, facts.alternatives)
    faults = list(option_faults(planned, facts, policy))
    counted: Sequence[Promotion] = [
        each for each in planned if each.place in facts.baseline and each.place in facts.available
    ]
    faults += limit_faults(planned, facts, policy, summary.budget)
    faults += stock_faults(list(counted), facts, policy, summary.shared_stock)
    withdrawn = {each.promotion_id for each in summary.announced_withdrawn}
    edits = read_edits(summary.edits)
    return faults + list(demand_faults(planned, facts, policy, edits, withdrawn))
