"""Search how ALS is fitted, each trial on the cluster; the best is proposed, never switched to.

    spark-submit spark_jobs/search_affinity.py --as-of 2017-12-04 [--trials 20] [--minutes 60]

A trial is judged on the two four-week windows before the as-of date, each with factors fitted on
what lies before it: by the NDCG@10 of ALS among products that are new to the customer.
"""

import argparse
import logging
from collections.abc import Iterator
from datetime import date

from pyspark.sql import SparkSession

from ml.affinity.hyperparameters import Hyperparameters, read_hyperparameters
from ml.affinity.search import Judge, Measures, search
from spark_jobs.quality import Window, judged, merchandise_lines, window
from spark_jobs.tables import session
from spark_jobs.training import windows

log = logging.getLogger(__name__)


def judge(spark: SparkSession, as_of: date) -> Judge:
    """Measures of ALS, of the blend and of simple rankings, window by window, earliest last."""
    lines = merchandise_lines(spark, as_of, as_of).cache()
    buyers = read_hyperparameters().minimum_customers
    seen = [window(lines, start, buyers) for start in windows(as_of)]

    def measured(chosen: Hyperparameters) -> Iterator[Measures]:
        return (measures(each, chosen) for each in seen)

    return measured


def measures(seen: Window, chosen: Hyperparameters) -> Measures:
    """NDCG@10 and Recall@10 of each ranking, by names like als_new_ndcg_at_10."""
    rows = judged(seen, chosen).collect()
    return {f"{r['ranking']}_{r['scope']}_{r['metric']}": float(r["value"]) for r in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="YYYY-MM-DD")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    with session("promoloop-search-affinity") as spark:
        found = search(judge(spark, args.as_of), args.trials, args.minutes, {"as_of": args.as_of})
    print(  # noqa: T201  the command's result
        f"{found.trials} trials; NDCG@10 {found.ndcg:.4f}, with the present settings "
        f"{found.present_ndcg:.4f}\n\n{found.text}"
    )


if __name__ == "__main__":
    main()
