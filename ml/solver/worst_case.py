"""The plan whose worst scenario is best (maximin)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linprog

from ml.arrays import Floats
from ml.solver.problem import PlanProblem, PlanSolution, worth
from ml.solver.settings import DEFAULT, SolverSettings
from ml.solver.solve import solve

log = logging.getLogger(__name__)


@dataclass
class _Pool:
    """The plans so far, and the value of each in every scenario, (plans, scenarios)."""

    worths: list[list[float]] = field(default_factory=list)
    problems: list[PlanProblem] = field(default_factory=list)
    solutions: list[PlanSolution] = field(default_factory=list)

    @property
    def bound(self) -> float:
        return min(solution.bound for solution in self.solutions)

    @property
    def best(self) -> int:
        return int(np.argmax([min(row) for row in self.worths]))

    def weights(self) -> Floats:
        """Scenario weights under which the best plan of the pool has the lowest value."""
        plans, scenarios = np.array(self.worths).shape
        result = linprog(
            c=[*np.zeros(scenarios), 1.0],
            A_ub=np.column_stack([self.worths, -np.ones(plans)]),
            b_ub=np.zeros(plans),
            A_eq=[[*np.ones(scenarios), 0.0]],
            b_eq=[1.0],
            bounds=[(0, 1)] * scenarios + [(None, None)],
        )
        return np.asarray(result.x[:scenarios], float)


def solve_worst(
    problem: PlanProblem, scenarios: Sequence[Floats], settings: SolverSettings = DEFAULT
) -> tuple[PlanProblem, PlanSolution]:
    """The plan whose worst scenario is best; `scenarios` are values of the problem's shape.

    Whatever weights the scenarios get, no plan's worst scenario is worth more than the best
    plan under their weighted mean. The weights that make this bound lowest are computed by
    cutting planes (Kelley, "The cutting-plane method for solving convex programs", 1960), and
    the best of the plans on the way is taken; its gap says how good it is.

    Returns the problem with the weighted values, and the solution, whose objective is the
    worst scenario's.
    """
    pool = _Pool()
    weights = np.full(len(scenarios), 1 / len(scenarios))
    for step in range(settings.scenario_rounds):
        value = np.einsum("s,siwo->iwo", weights, np.stack(scenarios))
        weighted = replace(problem, value=value)
        solution = solve(weighted, settings)
        plans = [replace(problem, value=values) for values in scenarios]
        pool.worths.append([worth(each, solution.choice) for each in plans])
        pool.problems.append(weighted)
        pool.solutions.append(solution)
        objective = min(pool.worths[pool.best])
        log.info("worst case, round %d: %.2f, bound %.2f", step + 1, objective, pool.bound)
        if pool.bound - objective <= settings.scenario_gap * abs(pool.bound):
            break
        weights = pool.weights()
    best = replace(pool.solutions[pool.best], objective=objective, bound=pool.bound)
    return pool.problems[pool.best], best
