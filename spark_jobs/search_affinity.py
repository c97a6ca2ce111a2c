"""Search how ALS is fitted, each trial on the cluster; the best is proposed, never switched to.

    spark-submit spark_jobs/search_affinity.py --as-of 2017-12-04 [--trials 20] [--minutes 60]

A trial is judged on the two four-week windows before the as-of date, each with factors fitted on
what lies before it: by the NDCG@10 of ALS among products that are new to the customer.
"""

import logging
from datetime import date
from functools import partial

from pyspark.sql import SparkSession

from ml import commands
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.affinity.search import Judge, Metrics, search_als
from spark_jobs.als.quality import Window, judged, merchandise_lines, window
from spark_jobs.ranker.examples import windows
from spark_jobs.tables import session

log = logging.getLogger(__name__)


def judges(spark: SparkSession, as_of: date) -> list[Judge]:
    """One for each window, the earliest last."""
    lines = merchandise_lines(spark, as_of, as_of).cache()
    buyers = AlsHyperparameters.read().minimum_customers
    return [partial(measures, window(lines, start, buyers)) for start in windows(as_of)]


def measures(seen: Window, chosen: AlsHyperparameters) -> Metrics:
    """NDCG@10 and Recall@10 of each ranking, by names like als_new_ndcg_at_10."""
    rows = judged(seen, chosen).collect()
    return {f"{r['ranking']}_{r['scope']}_{r['metric']}": float(r["value"]) for r in rows}


def main() -> None:
    parser = commands.parser(__doc__)
    commands.add_as_of(parser)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60)
    args = parser.parse_args()
    commands.log_to_terminal()
    with session("promoloop-search-affinity") as spark:
        result = search_als(
            judges(spark, args.as_of), args.trials, args.minutes, {"as_of": args.as_of}
        )
    print(result)  # noqa: T201  the command's result


if __name__ == "__main__":
    main()
