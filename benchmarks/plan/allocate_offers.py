"""Give customers offers within one budget, on the cluster: `ml.offers.allocation` at any size.

The driver searches the price of the budget; some prices at a time it asks for a pass, in which
the workers choose their customers' best offers at each and send back two sums. The offers are then
assigned where the customers are. Nothing that grows with the customers reaches the driver: at most
about SAMPLE of them, for the price to start from, and MOST_FILLED offers for what is left of the
budget.
"""

import json
import logging
from dataclasses import asdict, dataclass
from math import fsum
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from ml import commands
from ml.errors import InfeasibleError
from ml.offers.allocation import (
    CLOSE,
    ENOUGH,
    MOST_FILLED,
    TINY,
    Priced,
    affordable,
    best_offers,
    evaluate,
    find_price,
    open_offers,
)
from spark_jobs.tables import session

log = logging.getLogger(__name__)

SAMPLE = 20_000
PRICES = 16  # tried in one pass
PASSES = 30
SUMS = "value array<double>, cost array<double>"
ASSIGNED = "customer_id string, offers array<int>, value double, cost double"
OPEN = "customer_id string, offer int, value double, cost double, room int"
ADDED = "customer_id string, added array<int>, more double, spent double"


@dataclass(frozen=True)
class Outcome:
    """What an allocation earns and costs, money, the bound none exceeds, the budget's price."""

    objective: float
    cost: float
    bound: float
    price: float


def allocate(customers: DataFrame, budget: float) -> tuple[DataFrame, Outcome]:
    """Choose the offers that earn most.

    Args:
        customers: customer_id; value and cost, arrays of the same length for everybody, as in
            `ml.offers.allocation.allocate`; cap, the most offers of the customer.
        budget: most total cost, money.

    Returns:
        ASSIGNED, a row a customer, with the places of the offers in `value`; and the outcome.

    Raises:
        InfeasibleError: the budget is negative.
    """
    if not budget >= 0:
        raise InfeasibleError(f"budget is {budget}; it must be >= 0: correct the policy")
    customers = customers.persist()
    price, bound = _search(customers, budget, _start(customers, budget))
    log.info("price of the budget: %.6g", price)
    best = customers.mapInArrow(lambda batches: map(_Assign(price), batches), ASSIGNED)
    assigned = best.persist()
    earned, spent = _sums(assigned)
    if bound - earned > ENOUGH * abs(bound):
        assigned = _filled(customers, assigned, price, budget - spent)
        earned, spent = _sums(assigned)
    return assigned, Outcome(earned, spent, bound, price)


def _start(customers: DataFrame, budget: float) -> float:
    """The price for a sample of the customers, or for all where they are few."""
    count = customers.count()
    every = -(-count // SAMPLE)
    drawn = customers.where(f.pmod(f.xxhash64("customer_id"), f.lit(every)) == 0)
    value, cost, cap = _arrays(drawn.toArrow())
    part = budget * len(value) / count
    return find_price(lambda at: evaluate(value, cost, cap, at, part), part, None)[0]


def _search(customers: DataFrame, budget: float, start: float) -> tuple[float, float]:
    """The lowest price at which the best offers keep the budget, and the lowest bound.

    A pass tries PRICES prices: at first around `start`, then between the two that the budget's
    price lies between.
    """
    tried = np.concatenate([[0.0], max(start, TINY) * np.geomspace(0.5, 2.0, PRICES - 1)])
    bound, low = np.inf, 0.0
    for _ in range(PASSES):
        priced = _priced(customers, tried, budget)
        bound = min([bound, *(each.bound for each in priced)])
        first = next((k for k, each in enumerate(priced) if each.cost <= budget), None)
        if first is None:
            low, tried = tried[-1], tried[-1] * np.geomspace(2.0, 2.0**PRICES, PRICES)
            continue
        high, low = float(tried[first]), float(tried[first - 1]) if first else low
        close = bound - priced[first].value <= ENOUGH * abs(bound)
        if high == 0.0 or close or high - low <= CLOSE * high:
            break
        tried = np.append(np.linspace(low, high, PRICES + 1)[1:-1], high)
    return high, bound


def _priced(customers: DataFrame, prices: np.ndarray, budget: float) -> list[Priced]:
    """All customers' best offers at each price: one pass over the cluster."""
    sums = customers.mapInArrow(lambda batches: map(_Sum(prices), batches), SUMS).collect()
    value, cost = (np.array([row[name] for row in sums]).T for name in ("value", "cost"))
    return [
        Priced.at(float(price), fsum(v), fsum(c), budget)
        for price, v, c in zip(prices, value, cost, strict=True)
    ]


def _sums(assigned: DataFrame) -> tuple[float, float]:
    row = assigned.agg(f.sum("value"), f.sum("cost")).first()
    return (0.0, 0.0) if row is None or row[0] is None else (float(row[0]), float(row[1]))


def _filled(customers: DataFrame, assigned: DataFrame, price: float, left: float) -> DataFrame:
    """Spend what is left on the offers that earn most for their cost."""
    still_open = customers.mapInArrow(lambda batches: map(_Open(price, left), batches), OPEN)
    worth = f.col("value") / f.greatest(f.col("cost"), f.lit(TINY))
    near = still_open.orderBy(worth.desc(), "customer_id", "offer").limit(MOST_FILLED).toPandas()
    ids, cost, room = (near[name].to_numpy() for name in ("customer_id", "cost", "room"))
    chosen = affordable(ids, cost, room, left)
    sums = near.iloc[chosen].groupby("customer_id", as_index=False)
    added = sums.agg(added=("offer", list), more=("value", "sum"), spent=("cost", "sum"))
    more = assigned.sparkSession.createDataFrame(added.values.tolist(), ADDED)
    return assigned.join(more, "customer_id", "left").select(
        "customer_id",
        f.array_sort(f.concat("offers", f.coalesce("added", f.array()))).alias("offers"),
        (f.col("value") + f.coalesce("more", f.lit(0.0))).alias("value"),
        (f.col("cost") + f.coalesce("spent", f.lit(0.0))).alias("cost"),
    )


def _arrays(batch: pa.RecordBatch | pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value and cost (customers, offers) and cap (customers,) of a batch."""
    value, cost = (
        np.asarray(_flat(batch[name]), float).reshape(batch.num_rows, -1)
        for name in ("value", "cost")
    )
    return value, cost, np.asarray(batch["cap"]).astype(int)


def _flat(lists: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    return whole.flatten()


@dataclass(frozen=True)
class _Sum:
    """What a batch's best offers earn and cost at each price."""

    prices: np.ndarray

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        value, cost, cap = _arrays(batch)
        outcomes = [evaluate(value, cost, cap, float(price), 0.0) for price in self.prices]
        sums = {"value": [[p.value for p in outcomes]], "cost": [[p.cost for p in outcomes]]}
        return pa.RecordBatch.from_pydict(sums)


@dataclass(frozen=True)
class _Assign:
    """A batch's best offers at a price."""

    price: float

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        value, cost, cap = _arrays(batch)
        taken = best_offers(value, cost, cap, self.price)
        ends = np.concatenate([[0], np.cumsum(taken.sum(axis=1))])
        places = pa.array(np.nonzero(taken)[1].astype(np.int32))
        return pa.RecordBatch.from_arrays(
            [
                batch["customer_id"],
                pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), places),
                pa.array(np.where(taken, value, 0.0).sum(axis=1)),
                pa.array(np.where(taken, cost, 0.0).sum(axis=1)),
            ],
            ["customer_id", "offers", "value", "cost"],
        )


@dataclass(frozen=True)
class _Open:
    """A batch's offers that could still be made for what is left."""

    price: float
    left: float

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        value, cost, cap = _arrays(batch)
        taken = best_offers(value, cost, cap, self.price)
        customer, offer = np.nonzero(open_offers(taken, value, cost, cap, self.left))
        room = cap - taken.sum(axis=1)
        return pa.RecordBatch.from_arrays(
            [
                batch["customer_id"].take(pa.array(customer)),
                pa.array(offer.astype(np.int32)),
                pa.array(value[customer, offer]),
                pa.array(cost[customer, offer]),
                pa.array(room[customer].astype(np.int32)),
            ],
            ["customer_id", "offer", "value", "cost", "room"],
        )


def main() -> None:
    """Read offers, allocate, write."""
    parser = commands.parser(__doc__)
    parser.add_argument("offers", help="Parquet with customer_id, value, cost, cap")
    parser.add_argument("allocation", help="Parquet to write")
    parser.add_argument("outcome", type=Path, help="JSON to write")
    parser.add_argument("--budget", type=float, required=True)
    args = parser.parse_args()
    commands.log_to_terminal()
    with session("audience") as spark:
        assigned, outcome = allocate(spark.read.parquet(args.offers), args.budget)
        assigned.write.mode("overwrite").parquet(args.allocation)
    args.outcome.write_text(json.dumps(asdict(outcome)), encoding="utf-8")


if __name__ == "__main__":
    main()
