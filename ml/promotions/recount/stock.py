"""Stock that lasts for several promotions: of one product, and of gifts and bundles' partners."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from ml.config.policy import Policy
from ml.contracts.plan_summary import SharedStock
from ml.inventory.distribution import quantile
from ml.promotions.recount.facts import DayFacts, Promotion
from ml.promotions.recount.options import mean_demand

SLACK = 1e-5  # share of a stock that rounding may take


def stock_faults(
    planned: list[Promotion], facts: DayFacts, policy: Policy, shared: Sequence[SharedStock]
) -> Iterator[str]:
    """Where promotions together sell more than there is until the stock is replenished."""
    if policy.duration_weeks.most > 1:
        yield from _own(planned, facts, policy)
    weeks = {week: place for place, week in enumerate(facts.weeks)}
    for stock in shared:
        yield from _shared(planned, stock, weeks)


def _own(planned: list[Promotion], facts: DayFacts, policy: Policy) -> Iterator[str]:
    sold: defaultdict[str, float] = defaultdict(float)
    for each in sorted(planned, key=lambda each: each.place):
        baseline = facts.baseline[each.place]
        dispersion, (low, _) = facts.dispersion[each.product_id], mean_demand(each, facts)
        units = float(quantile(policy.stock_service_level, low, dispersion)) - baseline
        sold[each.product_id] += max(units, 0.0)
        stock = max(facts.available[each.place] - baseline, 0.0)
        if sold[each.product_id] > stock + SLACK * max(1.0, stock):
            where = f"products {each.product_id} in the week of {each.week}"
            yield f"{where}: sells {sold[each.product_id]:.2f} of a stock of {stock:.2f}"


def _shared(planned: list[Promotion], stock: SharedStock, weeks: dict[date, int]) -> Iterator[str]:
    missing = [0.0] * len(stock.room)
    for each in planned:
        partners = (each.row["gift_product_id"], each.row["bundle_product_id"])
        if stock.product_id in partners and each.promotion_id not in stock.taken:
            yield f"{each.promotion_id}: takes of the stock of {stock.product_id}, uncounted"
        for later in range(stock.lasts):
            at = weeks.get(each.week, len(weeks)) + later
            if at < len(missing):
                missing[at] += stock.taken.get(each.promotion_id, 0.0)
    for week, place in weeks.items():
        room = stock.room[place]
        if room is not None and missing[place] > room + SLACK * max(1.0, room):
            yield (
                f"products {stock.product_id} in the week of {week}: offers take "
                f"{missing[place]:.2f} of a stock of {room:.2f} that they share"
            )
