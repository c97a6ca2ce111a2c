"""The policy's limits that promotions share: money, slots, gaps, groups."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ml.config.policy import Policy
from ml.promotions.recount.facts import DayFacts, Promotion

SLACK = 1e-6  # share of a limit that rounding may take
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Run:
    """One promotion of a product: consecutive weeks with the same deal and support."""

    product_id: str
    first: date
    last: date

    @property
    def weeks(self) -> int:
        return (self.last - self.first) // WEEK + 1


def limit_faults(
    planned: list[Promotion], facts: DayFacts, policy: Policy, budget: float
) -> Iterator[str]:
    """Each limit of the policy that several promotions break together."""
    yield from _runs_faults(planned, facts, policy)
    yield from _money(planned, policy, budget)
    yield from _slots(planned, policy)
    yield from _together(planned, facts, policy)


def runs(planned: list[Promotion], policy: Policy) -> list[Run]:
    """The promotions by product and time; where one lasts a week, each week is its own."""
    several = policy.duration_weeks.most > 1
    joined: list[Run] = []
    before: Promotion | None = None
    for each in sorted(planned, key=lambda each: each.place):
        goes_on = (
            several
            and before is not None
            and (before.product_id, before.option) == (each.product_id, each.option)
            and each.week - before.week == WEEK
        )
        first = joined.pop().first if goes_on else each.week
        joined.append(Run(each.product_id, first, each.week))
        before = each
    return joined


def _runs_faults(planned: list[Promotion], facts: DayFacts, policy: Policy) -> Iterator[str]:
    gaps, count = facts.gaps(policy), Counter[str]()
    last: dict[str, date] = {}
    shortest, longest = policy.duration_weeks.least, policy.duration_weeks.most
    for run in runs(planned, policy):
        where = f"products {run.product_id} in the week of {run.first}"
        count[run.product_id] += 1
        if not shortest <= run.weeks <= longest:
            yield f"{where}: lasts {run.weeks} weeks, not {(shortest, longest)}"
        if run.product_id in last:
            apart = (run.first - last[run.product_id]) // WEEK - 1
            if apart < gaps.get(run.product_id, policy.minimum_gap_weeks):
                yield f"{where}: only {apart} weeks after the one before"
        last[run.product_id] = run.last
    for product, number in count.items():
        if number > policy.maximum_per_product:
            yield f"products {product}: {number} promotions, at most {policy.maximum_per_product}"


def _money(planned: list[Promotion], policy: Policy, budget: float) -> Iterator[str]:
    spent: defaultdict[tuple[str, str], float] = defaultdict(float)
    limits: dict[tuple[str, str], float | None] = {}
    by_category = {name.upper(): limit for name, limit in policy.category_budgets.items()}
    for each in planned:
        in_week = policy.week_budgets.get(each.week, policy.week_budgets.get("default"))
        in_category = by_category.get(each.category.upper(), policy.category_budgets.get("default"))
        for key, limit in (
            (("total", "the plan"), budget),
            (("week", f"the week of {each.week}"), in_week),
            (("category", each.category), in_category),
        ):
            spent[key] += float(each.row["cost"])
            limits[key] = limit
    for key, cost in spent.items():
        limit = limits[key]
        if limit is not None and cost > limit + SLACK * max(1.0, limit):
            yield f"{key[1]}: spends {cost:.4f} of {limit:.4f}"


def _slots(planned: list[Promotion], policy: Policy) -> Iterator[str]:
    own = {name.upper(): slots for name, slots in policy.slots_by_category.items()}
    for (category, week), taken in Counter((p.category, p.week) for p in planned).items():
        slots = own.get(category.upper(), policy.slots_per_category_week)
        if taken > slots:
            yield f"{category} in the week of {week}: {taken} promotions, at most {slots}"
    for week, taken in Counter(p.week for p in planned).items():
        if policy.slots_per_week is not None and taken > policy.slots_per_week:
            yield f"the week of {week}: {taken} promotions, at most {policy.slots_per_week}"


def _together(planned: list[Promotion], facts: DayFacts, policy: Policy) -> Iterator[str]:
    by_week: defaultdict[date, set[str]] = defaultdict(set)
    calendars: defaultdict[str, dict[date, tuple[int, str]]] = defaultdict(dict)
    for each in planned:
        by_week[each.week].add(each.product_id)
        calendars[each.product_id][each.week] = each.option
    for group in policy.never_together:
        for week, products in by_week.items():
            both = sorted(products & set(group))
            if len(both) > 1:
                yield f"products {', '.join(both)} promoted together in the week of {week}"
    eligible = facts.eligible(policy)
    for group in policy.move_together:
        members = [product for product in group if product in eligible]
        for product in members[1:]:
            if calendars[product] != calendars[members[0]]:
                yield f"products {product}: promoted apart from its group {group}"
