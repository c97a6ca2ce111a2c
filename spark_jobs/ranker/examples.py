"""Learn the ranker from past four-week windows, each with the snapshot before it."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.ranker import NAMES, Ranker, negative_sampling_rate
from spark_jobs.als.factors import learn, numbered
from spark_jobs.ranker.candidates import examples
from spark_jobs.ranker.histories import Snapshot, histories, purchases, sampled, take_snapshot

log = logging.getLogger(__name__)

WINDOW = timedelta(days=28)
WINDOWS = 2  # to learn from, the last one ending at the as-of date


@dataclass(frozen=True)
class Examples:
    """Candidates of a past window, ordered by customer.

    `customer` and `item` are numbers; `signals` is float32 (rows, signals); `bought` says
    what was, and `weights` is one over the share of such rows that was kept.
    """

    customer: np.ndarray
    item: np.ndarray
    signals: np.ndarray
    bought: np.ndarray
    weights: np.ndarray


def windows(as_of: date, count: int = WINDOWS) -> list[date]:
    """The first days of the `count` four-week windows before `as_of`, latest first."""
    return [as_of - WINDOW * k for k in range(1, count + 1)]


def window_examples(
    lines: DataFrame, products: pd.DataFrame, start: date, hyper: AlsHyperparameters
) -> Examples:
    """What sampled customers could be shown on `start`, and what they bought in the window.

    Raises:
        TooFewPurchases: nothing was bought by enough customers before `start`.
    """
    return examples_of(sampled_snapshot(lines, products, start, hyper), lines, start)


def sampled_snapshot(
    lines: DataFrame, products: pd.DataFrame, start: date, hyper: AlsHyperparameters
) -> Snapshot:
    """The snapshot of `start`, of sampled customers.

    Raises:
        TooFewPurchases: nothing was bought by enough customers before `start`.
    """
    pairs = histories(lines, start)
    affinity = learn(purchases(pairs), start, hyper)
    snapshot = take_snapshot(pairs, affinity, products, hyper.comparison)
    return Snapshot(sampled(snapshot.customers), snapshot.catalog)


def examples_of(snapshot: Snapshot, lines: DataFrame, start: date) -> Examples:
    """`window_examples` of the snapshot of `start`."""
    table = examples(snapshot, wanted(lines, snapshot, start)).toArrow()
    table = table.sort_by([("customer_id", "ascending"), ("item", "ascending")])
    bought = np.asarray(table["bought"])
    flat = table["signals"].combine_chunks().flatten()
    log.info("window from %s: %d candidates, %d bought", start, len(bought), bought.sum())
    signals = np.asarray(flat, np.float32).reshape(len(bought), -1)
    return Examples(
        pd.factorize(table["customer_id"].to_pandas())[0],
        np.asarray(table["item"]),
        signals,
        bought,
        np.where(bought, 1.0, 1 / negative_sampling_rate(signals)),
    )


def wanted(lines: DataFrame, snapshot: Snapshot, start: date) -> DataFrame:
    """(customer_id, wanted): positions, sorted, of what was bought in the window; perhaps none."""
    ids = snapshot.catalog.ids
    items = f.broadcast(numbered(lines.sparkSession, ids, "product_id", "item"))
    inside = lines.where((f.col("sold_on") >= start) & (f.col("sold_on") < start + WINDOW))
    bought = inside.join(items, "product_id").groupBy("customer_id")
    return bought.agg(f.array_sort(f.collect_set("item")).alias("wanted"))


def fit(learned_from: list[Examples], seed: int) -> Ranker:
    """The ranker that learns from all the windows."""
    return Ranker.fit(
        np.concatenate([one.signals for one in learned_from]),
        np.concatenate([one.bought for one in learned_from]),
        np.concatenate([one.weights for one in learned_from]),
        seed,
    )


def judge(ranker: Ranker, seen: Examples) -> dict[str, float]:
    """How well a ranker orders candidates of a window it did not learn from.

    Average precision over all sampled rows, weighted, beside the customer's own decayed
    purchases, the best simple ranking; and the same among products new to the customer,
    beside the product's popularity. Calibration is mean propensity over the share bought.
    """
    scores = ranker.predict(seen.signals)
    habit = seen.signals[:, NAMES.index("decayed_112")]
    popular = seen.signals[:, NAMES.index("popularity_28")]
    new = seen.signals[:, NAMES.index("days")] == 0
    share = np.average(seen.bought, weights=seen.weights)
    return {
        "precision_over_habit": _precision(scores, seen) / _precision(habit, seen),
        "new_precision_over_popularity": _precision(scores, seen, new)
        / _precision(popular, seen, new),
        "calibration": float(np.average(scores, weights=seen.weights) / share),
    }


def paired_precisions(ours: Ranker, rival: Ranker, seen: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Two rankers' summed precisions by customer, on candidates that neither learned from.

    By customer, because a customer's purchases are found or missed together.
    """
    first, second = (
        _average_precisions(ranker.predict(seen.signals), seen)[1] for ranker in (ours, rival)
    )
    return first, second


def _precision(scores: np.ndarray, seen: Examples, among: np.ndarray | None = None) -> float:
    """Average precision of the candidates bought, negatives reweighted."""
    hits, precision = _average_precisions(scores, seen, among)
    return float(precision.sum() / hits.sum())


def _average_precisions(
    scores: np.ndarray, seen: Examples, among: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """By customer: purchases among the candidates, and the sum of precisions at their places."""
    selected = np.ones(len(scores), bool) if among is None else among
    customer, bought, weights = (
        seen.customer[selected],
        seen.bought[selected],
        seen.weights[selected],
    )
    order = np.lexsort((seen.item[selected], -scores[selected], customer))
    customer, bought, weights = customer[order], bought[order], weights[order]
    first = np.searchsorted(customer, customer)
    ranked, hits = np.cumsum(weights), np.cumsum(bought)
    before = np.where(first > 0, first - 1, 0)
    ranked = ranked - np.where(first > 0, ranked[before], 0)
    hits = hits - np.where(first > 0, hits[before], 0)
    precision = np.where(bought, hits / ranked, 0.0)
    return np.bincount(customer, bought), np.bincount(customer, precision)
