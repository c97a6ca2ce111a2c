"""Plans that give up margin for revenue, or both for a smaller discount: NSGA-II, by pymoo.

What is searched are the weights of revenue and of discount against margin; the plan of a pair of
weights takes starts by their weighted value for the room they use, as far as it lasts. The result
are the plans that no other evaluated plan dominates (Deb et al., "A fast and elitist
multiobjective genetic algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 6(2),
2002).
"""

from dataclasses import dataclass, replace

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.optimize import minimize

from ml.solver.compact import Compact
from ml.solver.greedy import Packing
from ml.solver.problem import PlanProblem, worth
from ml.solver.settings import DEFAULT, SolverSettings


@dataclass(frozen=True)
class Measures:
    """What an option brings or takes, money, each (items, weeks, options)."""

    margin: np.ndarray
    revenue: np.ndarray
    discount: np.ndarray


@dataclass(frozen=True)
class Tradeoff:
    """A plan (items, weeks) that no other dominates, and its totals, money."""

    choice: np.ndarray
    margin: float
    revenue: float
    discount: float


def tradeoffs(
    problem: PlanProblem,
    measures: Measures,
    incumbent: np.ndarray | None = None,
    seed: int = 1,
    settings: SolverSettings = DEFAULT,
) -> list[Tradeoff]:
    """Plans from the smallest discount to the largest; the same for the same seed.

    Demanded promotions stay as in the plan `incumbent` (items, weeks).

    Raises:
        InfeasibleError: the problem demands promotions and no `incumbent` is given.
    """
    search = _Weights(problem, measures, incumbent, settings)
    algorithm = NSGA2(pop_size=settings.population)
    result = minimize(search, algorithm, ("n_gen", settings.generations), seed=seed)
    plans = [search.tradeoff(weights) for weights in np.atleast_2d(result.X)]
    different = {plan.choice.tobytes(): plan for plan in plans}
    return sorted(different.values(), key=lambda plan: (plan.discount, -plan.margin))


class _Weights(Problem):
    """Weights of revenue and discount to the plan they lead to."""

    def __init__(
        self,
        problem: PlanProblem,
        measures: Measures,
        incumbent: np.ndarray | None,
        settings: SolverSettings,
    ) -> None:
        upper = [settings.max_revenue_weight, settings.max_discount_weight]
        super().__init__(n_var=2, n_obj=3, xl=0.0, xu=upper)
        self.objectives = [
            replace(problem, value=each)
            for each in (measures.margin, measures.revenue, measures.discount)
        ]
        self.by_start = [Compact.of(each, settings).value for each in self.objectives]
        self.packing = Packing.of(problem, incumbent, settings)
        item, week, length, _ = self.packing.whole.starts
        self.first = np.flatnonzero(np.diff([item, week, length], prepend=-1).any(axis=0))

    def tradeoff(self, weights: np.ndarray) -> Tradeoff:
        """The plan of the best options of each item and week, by weighted value."""
        margin, revenue, discount = self.by_start
        weighted = margin + weights[0] * revenue - weights[1] * discount
        count = np.diff(np.append(self.first, len(weighted)))
        best = np.repeat(np.maximum.reduceat(weighted, self.first), count)
        wanted = np.flatnonzero((weighted == best) & (weighted > 0))
        order = wanted[np.argsort(-(weighted / self.packing.largest_share)[wanted], kind="stable")]
        choice = self.packing.plan(order)
        return Tradeoff(choice, *(worth(each, choice) for each in self.objectives))

    def _evaluate(self, x: np.ndarray, out: dict[str, np.ndarray]) -> None:
        plans = [self.tradeoff(weights) for weights in x]
        out["F"] = np.array([[-plan.margin, -plan.revenue, plan.discount] for plan in plans])
