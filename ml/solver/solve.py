"""Solve the plan problem by Lagrangian decomposition.

Prices on the shared limits split the problem into one dynamic programme per item (`calendars`),
whose best values bound every plan. How prices and plan are found depends on the problem:

problem                 prices                                plan
large; one week with    bisection (`one_week`)                rounding (`rounding`), where that
  budget and slots only                                         is within the target gap
else large              L-BFGS-B (`dual`), 2 rounds of        rounding, then HiGHS on the core
                          column generation                     where limits are tight
else                    L-BFGS-B, up to 12 rounds of          HiGHS on the master problem
                          column generation                     (`master`)

A problem is large where more than `SolverSettings.large_promotions` weeks are promoted and no
promotion is demanded: one item hardly counts there, so rounding costs little. Demanded promotions
are checked first, by HiGHS on the compact formulation (`conflicts`). The greedy packing (`greedy`)
serves the multi-objective search (`pareto`) alone.

Column generation lets only the items choose that have several calendars of nearly the same worth
(Wolsey, "Integer Programming", 2nd ed. 2020, ch. 10-11); they are the core of Pisinger, "A minimal
algorithm for the multiple-choice knapsack problem", 1995.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.solver.calendars import dynamic_program
from ml.solver.conflicts import require_feasible
from ml.solver.dual import DualPrices, minimise_bound
from ml.solver.groups import merge
from ml.solver.master import Columns, Master, restricted_master
from ml.solver.near_best import Labels, near_best
from ml.solver.one_week import initial_prices
from ml.solver.problem import NOTHING, PlanProblem, PlanSolution, worth
from ml.solver.rounding import round_and_fill
from ml.solver.settings import DEFAULT, SolverSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Strategy:
    """How a problem is solved once its first prices are known.

    pricing_rounds: of column generation.
    columns:        calendars to choose between, beside the items' best.
    choose:         a plan from the final prices and master, with a bound on every plan.
    """

    pricing_rounds: int
    columns: int
    choose: Callable[[DualPrices, Master], tuple[np.ndarray, float]]


def strategy(dual: DualPrices) -> Strategy:
    """The row of the table above; calendars are a few for each limit, which splits one item."""
    settings = dual.program.settings
    more = settings.columns_per_limit * len(dual.program.limits.finite)
    if _is_large(dual):
        return Strategy(settings.large_pricing_rounds, settings.large_columns + more, _round)
    return Strategy(settings.pricing_rounds, settings.columns + more, _choose)


def solve(problem: PlanProblem, settings: SolverSettings = DEFAULT) -> PlanSolution:
    """A plan near the best one, with a bound on the best possible.

    The search ends at a plan within `settings.target_gap` of the bound, if it finds one.

    Raises:
        InfeasibleError: no plan keeps every limit.
    """
    merged = merge(problem)
    program = dynamic_program(merged, settings)
    require_feasible(program)
    dual = DualPrices(program, initial_prices(program))
    choice, bound = dual.calendar, dual.bound
    priced = bool(dual.prices.any()) and _is_large(dual)
    if priced:
        choice = _improve(dual, choice, strategy(dual).columns)
    if not priced or bound - worth(merged.problem, choice) > settings.target_gap * abs(bound):
        dual, master = _generate_columns(minimise_bound(program, dual.prices))
        choice, bound = strategy(dual).choose(dual, master)
    plan = merged.spread(choice)
    log.info("plan: objective %.2f, bound %.2f", worth(problem, plan), bound)
    return PlanSolution(plan, worth(problem, plan), bound, dual.priced.prices)


def usage(problem: PlanProblem, choice: np.ndarray) -> tuple[float, np.ndarray]:
    """What a plan takes of the budget, and of each category-week's slots."""
    item, week = np.nonzero(choice != NOTHING)
    slots = np.zeros(problem.slots.shape)
    np.add.at(slots, (problem.category[item], week), 1)
    return float(problem.cost[item, week, choice[item, week]].sum()), slots


def _generate_columns(dual: DualPrices) -> tuple[DualPrices, Master]:
    """Column generation: price by the relaxed master, add each item's nearly best calendars.

    Returns the prices of the lowest bound and the master whose relaxation earns most.
    """
    best, columns, masters = dual, Columns.none(dual.program.value.shape[1]), []
    tolerance = dual.program.settings.price_tolerance
    for _ in range(strategy(dual).pricing_rounds):
        labels, _ = _near(dual, _span(dual), strategy(dual).columns)
        masters.append(restricted_master(dual, labels, columns))
        columns = masters[-1].columns
        if not len(columns.item):
            return best, masters[-1]
        relaxed = masters[-1].relaxed
        dual = DualPrices(dual.program, relaxed.prices)
        best = min(best, dual, key=lambda each: each.bound)
        log.debug("%d columns: %.4f to %.4f", len(columns.item), relaxed.value, best.bound)
        if best.bound - relaxed.value <= tolerance * abs(best.bound):
            break
    return best, max(masters, key=lambda each: each.relaxed.value)


def _round(dual: DualPrices, master: Master) -> tuple[np.ndarray, float]:
    """A plan by rounding the relaxed master, and the dual bound.

    Where that leaves much room unused, more calendars are tried in it; where a few large items
    share tight limits and that is not enough, HiGHS chooses between the calendars nearest to
    their items' best.
    """
    problem, bound, settings = dual.program.problem, dual.bound, dual.program.settings
    choice = round_and_fill(master, _loss(dual, master), master.relaxed.share)
    if bound - worth(problem, choice) > settings.refill_gap * abs(bound):
        count = max(settings.max_columns, settings.widening * strategy(dual).columns)
        choice = _improve(dual, choice, count, master.columns)
    if bound - worth(problem, choice) > settings.core_gap * abs(bound):
        labels, _ = _near(dual, _span(dual), settings.core_columns)
        core = restricted_master(dual, labels, master.columns)
        whole, _ = core.solve(settings.core_gap / 2 * abs(bound), settings.core_nodes)
        choice = max(choice, whole, key=lambda each: worth(problem, each))
    return choice, bound


def _choose(dual: DualPrices, master: Master) -> tuple[np.ndarray, float]:
    """A plan by HiGHS on the master problem, twice if need be, and a bound on every plan."""
    problem, bound, settings = dual.program.problem, dual.bound, dual.program.settings
    labels, _ = _near(dual, _span(dual), strategy(dual).columns)
    master = restricted_master(dual, labels, master.columns)
    gap = settings.gap_share * settings.target_gap * abs(bound)
    choice, _ = master.solve(gap, settings.master_nodes)
    shortfall = bound - worth(problem, choice)
    if shortfall > settings.target_gap * abs(bound):
        labels, complete = _near(dual, shortfall, settings.max_columns)
        refined = restricted_master(dual, labels, master.columns)
        better, restricted = refined.solve(gap, settings.master_nodes)
        if shortfall <= complete:  # no better plan has a calendar outside the columns
            bound = min(bound, restricted)
        choice = max(choice, better, key=lambda each: worth(problem, each))
    return choice, bound


def _improve(
    dual: DualPrices, choice: np.ndarray, count: int, columns: Columns | None = None
) -> np.ndarray:
    """The plan `choice`, improved by calendars near their items' best, one item at a time."""
    labels, _ = _near(dual, _span(dual), count)
    columns = Columns.none(choice.shape[1]) if columns is None else columns
    wide = restricted_master(dual, labels, columns, choice)
    current = (wide.columns.calendar == choice[wide.columns.item]).all(axis=1)
    return round_and_fill(wide, _loss(dual, wide), current.astype(float))


def _loss(dual: DualPrices, master: Master) -> np.ndarray:
    """How much net value each column is below its item's best, (columns,)."""
    charged = master.uses.T @ dual.prices[dual.program.limits.finite]
    return dual.best[1][master.columns.item] - (master.value - charged)


def _near(dual: DualPrices, max_loss: float, count: int) -> tuple[Labels, float]:
    """Calendars near their items' best and within stock, and up to which loss they are complete."""
    program = dual.program
    items = np.arange(len(program.problem.category))
    labels, complete = near_best(dual.priced, items, max_loss, count)
    return labels[program.stock.fits(labels.item, labels.calendar)], complete


def _span(dual: DualPrices) -> float:
    """How far from its best a calendar may be: what a promoted week earns on average."""
    return abs(dual.bound) / max(1, _promoted_weeks(dual))


def _is_large(dual: DualPrices) -> bool:
    """Whether one promotion hardly counts, and none is demanded."""
    limit = dual.program.settings.large_promotions
    return _promoted_weeks(dual) > limit and not dual.program.needed.any()


def _promoted_weeks(dual: DualPrices) -> int:
    return int(np.count_nonzero(dual.calendar != NOTHING))
