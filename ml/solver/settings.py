"""Every number the solver can be tuned with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SolverSettings:
    """How long and how closely the solver searches.

    `benchmarks/plan` shows what the defaults reach. No setting is a time: the same
    problem and settings give the same plan on any machine. A calendar is one item's promotions
    over the weeks, a column a calendar that the master problem may choose.
    """

    target_gap: float = 1e-5
    """Relative gap between plan and bound at which the search ends; a tenth of the gap at which
    HiGHS stops by default."""

    tolerance: float = 1e-9
    """How far rounding of floats may carry a sum past a limit, absolute below 1 and relative
    above; also the minimum gain that counts."""

    feasibility_tolerance: float = 1e-6
    """How far demanded promotions may overrun a limit and still count as feasible, in the limit's
    unit. The feasibility tolerance of HiGHS for integer programmes, which decides it."""

    stock_precision: float = 0.05
    """Items; how exactly an error says how much stock is missing. Printed to one decimal."""

    dual_evaluations: int = 150
    """Times L-BFGS-B may evaluate the dual bound. Column generation finishes the prices, so the
    search may stop early."""

    dual_memory: int = 20
    """Corrections that L-BFGS-B remembers: twice scipy's default, as the bound has kinks."""

    dual_tolerance: float = 1e-8
    """Relative decrease of the bound at which L-BFGS-B stops (its `ftol`)."""

    stock_loss_shares: tuple[float, ...] = (0.1, 0.3, 1.0, float("inf"))
    """Where an item's best calendar outsells its stock, calendars are listed up to these losses,
    shares of the best calendar's net value, one after the other until one fits the stock. The
    last must be infinite, so that a calendar that exists is found."""

    stock_batch: int = 1_000
    """Items whose calendars within stock are listed together; bounds the memory of the list."""

    halvings: int = 40
    """Bisection steps for the price of the budget in a one-week problem; 2^-40 of the first range
    is about 1e-12 of it."""

    halving_rest: float = 10.0
    """The bisection may stop once the unspent budget is at most this many average promotions."""

    halving_tolerance: float = 1e-8
    """And once the bound cannot fall by more than this share of what the plan earns. Also how far
    below a whole number a count of slots may be."""

    pricing_rounds: int = 12
    """Maximum rounds of column generation; it ends earlier at `price_tolerance`."""

    large_pricing_rounds: int = 2
    """The same for large problems, where one item hardly moves the prices."""

    price_tolerance: float = 1e-6
    """Relative gap between dual bound and relaxed master at which column generation ends."""

    large_promotions: int = 500
    """A problem with more promoted weeks than this is large: one promotion hardly counts, so a
    rounded plan is near the bound and no integer programme is needed."""

    columns: int = 3_000
    """Calendars beside the items' best that the master chooses between, the nearest first."""

    large_columns: int = 300
    """The same for large problems, where columns are only rounded."""

    columns_per_limit: int = 3
    """Calendars added to either for each shared limit: a linear plan splits at most one item for
    each limit, between a few calendars."""

    max_columns: int = 30_000
    """Calendars of the second, wider choice, where the first leaves more than `target_gap`."""

    widening: int = 3
    """That choice of a large problem has at least this many times the calendars of the first."""

    gap_share: float = 0.3
    """Share of `target_gap` to which HiGHS solves the master; the rest is left to the prices."""

    master_nodes: int = 500
    """Branch-and-bound nodes of the master; a limit on nodes repeats, one on time does not."""

    refill_gap: float = 1e-5
    """A rounded plan of a large problem farther than this from the bound, relative, is improved
    with `max_columns` calendars."""

    core_gap: float = 2e-3
    """And one still farther than this, relative, by HiGHS on `core_columns`: a few large items
    share tight limits, which rounding serves badly. HiGHS solves to half of it."""

    core_columns: int = 1_500
    """Calendars in that integer programme, which keeps it small."""

    core_nodes: int = 100
    """Its branch-and-bound nodes."""

    rounding_passes: int = 6
    """Maximum passes over all columns that exchange an item's calendar for a better one; it ends
    with the first pass that changes nothing."""

    majority: float = 0.5
    """Share of a column in the linear plan above which rounding takes it first. From one half on
    at most one column of an item qualifies."""

    greedy_batch: int = 4_096
    """Starts of promotions that the greedy packing tests against the limits at once."""

    greedy_digits: int = 9
    """Decimals of a linear plan's shares that count when starts are sorted, so that the order
    does not hang on the last bits of a solution by HiGHS."""

    scenario_rounds: int = 8
    """Cutting planes of the worst-case search; each solves a plan."""

    scenario_gap: float = 1e-4
    """Relative gap at which the worst-case search ends."""

    population: int = 20
    """Plans in a generation of NSGA-II, and so the maximum number of trade-offs."""

    generations: int = 12
    """Generations of NSGA-II; with `population` the plans that are evaluated."""

    max_revenue_weight: float = 3.0
    """Largest weight of revenue against a unit of margin that NSGA-II tries."""

    max_discount_weight: float = 3.0
    """Largest weight of discount against a unit of margin that NSGA-II tries."""


DEFAULT = SolverSettings()
