"""Train the next ranker on the windows before the as-of date, judge it, register it."""

import logging
from datetime import date

from pyspark.sql import SparkSession

from ml import commands, lake
from ml.affinity.checks import checks
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.reranking import ListHyperparameters, chosen
from ml.affinity.store import NAME, Serving, load_for
from ml.affinity.tracking import RankerCandidate, registration
from ml.contracts.marts import DIM_PRODUCTS
from ml.landed_days import landed
from ml.models.comparison import compare_with_champion
from ml.models.register import register
from ml.settings import settings
from spark_jobs.als.factors import bought_by
from spark_jobs.ranker.examples import (
    examples_of,
    fit,
    judge,
    paired_precisions,
    sampled_snapshot,
    window_examples,
    windows,
)
from spark_jobs.ranker.histories import customer_lines, histories, item_item
from spark_jobs.ranker.leak import largest_score_change
from spark_jobs.ranker.variety import accuracy_by_variety
from spark_jobs.tables import session

log = logging.getLogger(__name__)


def train(spark: SparkSession, as_of: date) -> str:
    """Learn from all windows but the latest, judge on that one, learn from all; the version.

    Raises:
        TooFewPurchases: the history is too short for the windows.
    """
    read = fingerprint(as_of)
    lines = customer_lines(spark, as_of).cache()
    products = lake.read(DIM_PRODUCTS, as_of)
    hyper, seed = AlsHyperparameters.read(), settings().seed
    last, *earlier = windows(as_of)
    snapshot = sampled_snapshot(lines, products, last, hyper)
    seen = [examples_of(snapshot, lines, last)]
    seen += [window_examples(lines, products, day, hyper) for day in earlier]
    judged = fit(seen[1:], seed)
    measures = judge(judged, seen[0])
    comparison = compare_with_champion(
        NAME,
        "precision_over_champion",
        lambda version: load_for(version, last),
        lambda _, champion: paired_precisions(judged, champion, seen[0]),
        seed,
    )
    measures |= comparison.metrics
    ndcg_shares = accuracy_by_variety(snapshot, judged, lines, last)
    variety = chosen(ndcg_shares, ListHyperparameters.read().give_up)
    measures |= {f"ndcg_ratio.variety_{v}": share for v, share in ndcg_shares.items()}
    log.info("judged on the four weeks before %s: %s", as_of, measures)
    pairs = histories(lines, as_of)
    ids = bought_by(pairs, hyper.minimum_customers)
    weights = item_item(pairs, ids)
    serving = Serving(fit(seen, seed), judged, ids, weights, hyper.comparison, variety)
    measures |= checks(serving, seen[0].signals) | {
        "variety_ndcg_ratio": ndcg_shares[variety],
        "leak_largest_move": largest_score_change(lines, products, last, hyper, serving.ranker),
        "data_changed": float(fingerprint(as_of) != read),
    }
    signals = seen[0].signals
    candidate = RankerCandidate(as_of, serving, measures, read, comparison.tags, signals)
    return register(registration(candidate))


def fingerprint(as_of: date) -> dict[str, str]:
    """Content hashes of what a ranker is made of."""
    return lake.inputs([DIM_PRODUCTS], as_of) | landed(as_of)


def main() -> None:
    parser = commands.parser(__doc__)
    commands.add_as_of(parser)
    as_of = parser.parse_args().as_of
    commands.log_to_terminal()
    with session("promoloop-train-ranker") as spark:
        train(spark, as_of)


if __name__ == "__main__":
    main()
