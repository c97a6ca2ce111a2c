"""Genetic algorithm and particle swarm, by pymoo: for objectives of any shape.

A plan is coded by random keys (Bean, "Genetic algorithms and random keys for sequencing and
optimization", 1994): a number for each start of a promotion, wanted above one half, the highest
first. Whatever the keys, the plan read from them keeps every limit, so nothing is repaired or
punished.
"""

from collections.abc import Callable

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.algorithms.soo.nonconvex.pso import PSO
from pymoo.core.algorithm import Algorithm
from pymoo.core.problem import Problem
from pymoo.optimize import minimize

from ml.solver.greedy import Packing
from ml.solver.problem import PlanProblem, worth

Objective = Callable[[np.ndarray], float]
WANTED = 0.5
POPULATION = 40
SPREAD = 0.1
EVALUATIONS = 2_000


def genetic(
    problem: PlanProblem,
    objective: Objective | None = None,
    evaluations: int = EVALUATIONS,
    seed: int = 1,
) -> np.ndarray:
    """The best plan (items, weeks) a genetic algorithm meets.

    `objective` maps a plan to what is maximised, by default its value.

    Raises:
        InfeasibleError: the problem demands promotions.
    """
    return _search(GA, problem, objective, evaluations, seed)


def swarm(
    problem: PlanProblem,
    objective: Objective | None = None,
    evaluations: int = EVALUATIONS,
    seed: int = 1,
) -> np.ndarray:
    """The best plan (items, weeks) a particle swarm meets; arguments as of `genetic`."""
    return _search(PSO, problem, objective, evaluations, seed)


class _Keys(Problem):
    """Keys to the negative of what their plan is worth."""

    def __init__(self, packing: Packing, objective: Objective) -> None:
        super().__init__(n_var=len(packing.whole.value), n_obj=1, xl=0.0, xu=1.0)
        self.packing, self.objective = packing, objective

    def plan(self, keys: np.ndarray) -> np.ndarray:
        wanted = np.flatnonzero(keys > WANTED)
        return self.packing.plan(wanted[np.argsort(-keys[wanted], kind="stable")])

    def _evaluate(self, x: np.ndarray, out: dict[str, np.ndarray]) -> None:
        out["F"] = np.array([[-self.objective(self.plan(keys))] for keys in x])


def _search(
    kind: type[Algorithm],
    problem: PlanProblem,
    objective: Objective | None,
    evaluations: int,
    seed: int,
) -> np.ndarray:
    packing = Packing.of(problem)
    keys = _Keys(packing, objective or (lambda choice: worth(problem, choice)))
    algorithm = kind(pop_size=POPULATION, sampling=_near_greedy(packing, seed))
    result = minimize(keys, algorithm, ("n_eval", evaluations), seed=seed)
    return keys.plan(result.X)


def _near_greedy(packing: Packing, seed: int) -> np.ndarray:
    """Keys that want what earns anything, by value for room, and blurred copies of them."""
    earns = packing.whole.value > 0
    dense = np.argsort(packing.whole.value / packing.largest_share, kind="stable")
    rank = np.argsort(dense) / len(dense)
    greedy = np.where(earns, WANTED + (1 - WANTED) * rank, 0.0)
    blur = np.random.default_rng(seed).normal(0, SPREAD, (POPULATION, len(greedy)))
    blur[0] = 0.0
    return np.clip(greedy + blur, 0.0, 1.0)
