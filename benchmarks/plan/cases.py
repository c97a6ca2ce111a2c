"""The benchmark's instances, each with its peers; every case returns its figures by name.

A case takes the share of its full size to solve: 1 is the benchmark, less a quick look.
"""

import resource
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.plan import continuous, evolution, instances, relaxation
from benchmarks.plan.cluster import allocate_on_cluster
from benchmarks.plan.peers import HIGHS_GAP, dual_bisection, highs
from ml.offers.allocation import allocate
from ml.solver.checker import violations
from ml.solver.problem import PlanProblem, worth
from ml.solver.solve import solve

SEED = 11
SIZES = (1_000, 3_000, 10_000, 30_000)
CATEGORY = 50
SMALLEST = 8  # items or customers of an instance
PEER_SECONDS = 120.0
REPEATS = 5  # of a solve that takes a fraction of a second
PEER_PLANS = 400  # that a search may try
MOST_CONTINUOUS = 200  # items; SLSQP's time grows with their cube
PEERS: dict[str, Callable[[PlanProblem], np.ndarray]] = {
    "lp_rounding": relaxation.solve,
    "genetic": partial(evolution.genetic, evaluations=PEER_PLANS),
    "swarm": partial(evolution.swarm, evaluations=PEER_PLANS),
    "continuous": continuous.solve,
}

Figures = dict[str, Any]


def knapsack_1m(share: float = 1.0) -> Figures:
    """One week, one budget, eight options, a million items."""
    problem = instances.one_week(_part(1_000_000, share), SEED)
    figures = _solved(problem)
    peer, seconds = _timed(lambda: dual_bisection(problem))
    figures["numpy_s"] = seconds
    figures["numpy_gap"] = 1 - worth(problem, peer) / figures["bound"]
    return figures | {"ratio_to_numpy": figures["s"] / seconds}


def slots_100k(share: float = 1.0) -> Figures:
    """One week with category slots and stock."""
    return _solved(instances.one_week(_part(100_000, share), SEED, CATEGORY))


def slots_10k(share: float = 1.0) -> Figures:
    """The same at a size at which HiGHS solves the whole problem."""
    problem = instances.one_week(_part(10_000, share), SEED, CATEGORY)
    solve(problem)  # the first call loads HiGHS
    figures = _solved(problem)
    figures["s"] = median(_timed(lambda: solve(problem))[1] for _ in range(REPEATS))
    peer, seconds = highs(problem, HIGHS_GAP, PEER_SECONDS)
    best, longer = highs(problem, HIGHS_GAP / 10, PEER_SECONDS)
    figures |= {"milp_s": seconds, "milp_s_at_1e-5": longer}
    if peer is None or best is None:
        return figures
    figures["violations"] += len(violations(problem, best))
    figures["gap_to_milp"] = 1 - figures["objective"] / worth(problem, best)
    figures["speedup"] = seconds / figures["s"]
    return figures | {"speedup_at_1e-5": longer / figures["s"]}


def calendar_100k(share: float = 1.0) -> Figures:
    """Eight weeks with gap, count, weekly budgets and category slots, and its growth with size."""
    seconds, broken = [], 0
    *sizes, largest = (_part(size, share) for size in (*SIZES, 100_000))
    for size in sizes:
        smaller = _solved(instances.calendar(size, SEED))
        seconds.append(smaller["s"])
        broken += smaller["violations"]
    figures = _solved(instances.calendar(largest, SEED))
    figures["violations"] += broken
    sizes, seconds = [*sizes, largest], [*seconds, figures["s"]]
    slope = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    return figures | {"s_by_size": dict(zip(map(str, sizes), seconds, strict=True)), "slope": slope}


def audience_1m(share: float = 1.0) -> Figures:
    """A million customers, ten offers, one budget, two offers a customer; here and on Spark."""
    value, cost, budget = instances.audience(_part(1_000_000, share), 10, SEED)
    cap = np.full(len(value), 2)
    allocation, seconds = _timed(lambda: allocate(value, cost, cap, budget))
    figures = {"gap": allocation.gap, "s": seconds, "rss_mb": _rss()}
    spark, spark_seconds = allocate_on_cluster(value, cost, cap, budget)
    apart = abs(float(value[spark].sum()) - allocation.objective) / allocation.objective
    broken = sum(
        int((taken.sum(axis=1) > cap).sum())
        + int(float(cost[taken].sum()) > budget * (1 + 1e-9))
        + int(not np.isfinite(value[taken]).all())
        for taken in (allocation.taken, spark)
    )
    return figures | {"spark_diff": apart, "spark_s": spark_seconds, "violations": broken}


def others(share: float = 1.0) -> Figures:
    """Ours and the other solvers on the same instances, as gap to our bound and seconds."""
    problems = {
        "one_week_100": instances.one_week(_part(100, share), SEED, CATEGORY),
        "calendar_1k": instances.calendar(_part(1_000, share), SEED),
        "slots_10k": instances.one_week(_part(10_000, share), SEED, CATEGORY),
    }
    figures: Figures = {"violations": 0}
    for name, problem in problems.items():
        ours = _solved(problem)
        figures["violations"] += ours["violations"]
        figures[name] = {"ours": {"gap": ours["gap"], "s": ours["s"]}}
        for peer, plan in PEERS.items():
            if peer == "continuous" and len(problem.category) > MOST_CONTINUOUS:
                continue
            choice, seconds = _timed(partial(plan, problem))
            gap = 1 - worth(problem, choice) / ours["bound"]
            figures[name][peer] = {"gap": gap, "s": seconds}
            figures["violations"] += len(violations(problem, choice))
    return figures


CASES: dict[str, Callable[[float], Figures]] = {
    case.__name__: case
    for case in (knapsack_1m, slots_100k, slots_10k, calendar_100k, audience_1m, others)
}


def _part(size: int, share: float) -> int:
    return max(SMALLEST, round(size * share))


def _solved(problem: PlanProblem) -> Figures:
    before = process_time()
    solution, seconds = _timed(lambda: solve(problem))
    processor = process_time() - before
    rss = _rss()
    return {
        "gap": solution.gap,
        "s": seconds,
        "cpu_s": processor,
        "objective": solution.objective,
        "bound": solution.bound,
        "rss_mb": rss,
        "violations": len(violations(problem, solution.choice)),
    }


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = perf_counter()
    done = work()
    return done, perf_counter() - start


def _rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
