"""What the plan maximises when the responses are not known for sure."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linprog

from ml.arrays import Floats
from ml.solver.problem import PlanProblem, PlanSolution, worth
from ml.solver.solve import solve

log = logging.getLogger(__name__)

ROUNDS = 8
CLOSE = 1e-4


@dataclass
class _Found:
    """Plans found, and what each is worth in every scenario, (plans, scenarios)."""

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
        """Scenario weights under which the best plan found is worth the least."""
        plans, scenarios = np.array(self.worths).shape
        found = linprog(
            c=[*np.zeros(scenarios), 1.0],
            A_ub=np.column_stack([self.worths, -np.ones(plans)]),
            b_ub=np.zeros(plans),
            A_eq=[[*np.ones(scenarios), 0.0]],
            b_eq=[1.0],
            bounds=[(0, 1)] * scenarios + [(None, None)],
        )
        return np.asarray(found.x[:scenarios], float)


def solve_worst(
    problem: PlanProblem, scenarios: Sequence[Floats]
) -> tuple[PlanProblem, PlanSolution]:
    """The plan whose worst scenario is best; `scenarios` are values of the problem's shape.

    Whatever weights the scenarios get, no plan's worst scenario is worth more than the best
    plan under their weighted mean. The weights that make this bound the lowest are found by
    cutting planes (Kelley, "The cutting-plane method for solving convex programs", 1960), and
    the best of the plans met on the way is taken. Its gap tells how good it is; with few
    scenarios and many products hardly anything is lost to a plan being whole.

    Returns the problem with the weighted values, and the solution, whose objective is the
    worst scenario's.
    """
    found = _Found()
    weights = np.full(len(scenarios), 1 / len(scenarios))
    for step in range(ROUNDS):
        value = np.einsum("s,siwo->iwo", weights, np.stack(scenarios))
        weighted = replace(problem, value=value)
        solution = solve(weighted)
        plans = [replace(problem, value=values) for values in scenarios]
        found.worths.append([worth(each, solution.choice) for each in plans])
        found.problems.append(weighted)
        found.solutions.append(solution)
        objective = min(found.worths[found.best])
        log.info("worst case, round %d: %.2f, bound %.2f", step + 1, objective, found.bound)
        if found.bound - objective <= CLOSE * abs(found.bound):
            break
        weights = found.weights()
    best = replace(found.solutions[found.best], objective=objective, bound=found.bound)
    return found.problems[found.best], best
