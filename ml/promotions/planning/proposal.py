"""A plan's chosen options with everything needed to write, explain and sum them up."""

from dataclasses import dataclass

import numpy as np

from ml.config.policy import Policy
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import Economics
from ml.promotions.spillovers.valuation import Displaced
from ml.solver.problem import NOTHING, PlanProblem, PlanSolution


@dataclass(frozen=True)
class Draft:
    """A plan's problem with what it was made from, before it is solved.

    `displaced` is what other sales lose per extra unit, `withdrawn` are the announced
    promotions that could not stay.
    """

    items: Items
    options: Options
    economics: Economics
    problem: PlanProblem
    policy: Policy
    displaced: Displaced
    withdrawn: list[dict[str, str]]


@dataclass(frozen=True)
class Proposal(Draft):
    """A solved draft."""

    solution: PlanSolution

    @property
    def chosen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Item, week and option of each promotion, by week within item."""
        item, week = np.nonzero(self.solution.choice != NOTHING)
        return item, week, self.solution.choice[item, week]
