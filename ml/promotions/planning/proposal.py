"""A plan before and after it is solved, with everything needed to write, explain and sum it up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.config.policy import Policy
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import Economics
from ml.promotions.spillovers.valuation import Spillovers
from ml.solver.problem import NOTHING, PlanProblem, PlanSolution


@dataclass(frozen=True)
class Draft:
    """A plan's problem with what it was made from, before it is solved.

    spillovers: what other sales lose per extra unit.
    withdrawn:  the announced promotions that could not stay, each with its reason.
    excluded:   why each modelled product was left out, by product_id; null where it was not.
    """

    items: Items
    options: Options
    economics: Economics
    problem: PlanProblem
    policy: Policy
    spillovers: Spillovers
    withdrawn: list[dict[str, str]]
    excluded: pd.Series


@dataclass(frozen=True)
class Proposal:
    """A solved draft."""

    draft: Draft
    solution: PlanSolution

    @property
    def chosen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Item, week and option of each promotion, by week within item."""
        item, week = np.nonzero(self.solution.choice != NOTHING)
        return item, week, self.solution.choice[item, week]
