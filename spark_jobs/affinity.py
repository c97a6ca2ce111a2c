"""Learn who likes what: ALS factors, ranked candidates, segments, and how good the ranking is.

One application does it all: starting a second one would cost more than the segments do.
"""

import logging
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from ml import commands, lake
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.contracts.marts import (
    DIM_CUSTOMERS,
    DIM_PRODUCTS,
    FCT_CUSTOMER_EVENTS,
    FCT_CUSTOMER_PRODUCTS,
)
from ml.contracts.outputs import AFFINITY_QUALITY, CANDIDATES, CUSTOMER_FACTORS, ITEM_FACTORS
from ml.landed_days import landed
from ml.settings import settings
from ml.weeks import monday_of
from spark_jobs.als.factors import Affinity, learn
from spark_jobs.als.fold_in import NAME, fitted_before, fold_in, version
from spark_jobs.als.quality import evaluate
from spark_jobs.als.ranking import Ranking, rank_products
from spark_jobs.customers.customer_value import write_values
from spark_jobs.customers.segments import write_segments
from spark_jobs.ranker.candidates import CANDIDATES_PER_CUSTOMER, SHOWN, propensities
from spark_jobs.ranker.cold_start import for_new_customers, with_new_products
from spark_jobs.ranker.histories import Snapshot, customer_lines, histories, take_snapshot
from spark_jobs.tables import read, session, write

if TYPE_CHECKING:
    from ml.affinity.store import Serving

log = logging.getLogger(__name__)

LEARNED_FROM = (FCT_CUSTOMER_PRODUCTS, FCT_CUSTOMER_EVENTS)


def write_affinity(
    spark: SparkSession,
    as_of: date,
    hyper: AlsHyperparameters,
    champion: "tuple[str, Serving] | None" = None,
) -> None:
    """Write the factors and candidates of one as-of date.

    The champion, a version and what it serves, ranks the candidates, with the variety chosen at its
    training, new products among them. Before there is a champion, ALS liking and habit rank. Who
    bought nothing that is ranked is shown what most buy.
    """
    affinity, als = _affinity(spark, as_of, hyper)
    made_from = lake.inputs((*LEARNED_FROM, ITEM_FACTORS), as_of)
    models = {NAME: als}
    write(CUSTOMER_FACTORS, as_of, affinity.customers, made_from, models=models)
    made_from |= lake.inputs([DIM_CUSTOMERS], as_of)
    targets = read(spark, DIM_CUSTOMERS, as_of).where("may_be_targeted").select("customer_id")
    if champion is None:
        placed, ranked = affinity.customers, blended(affinity, targets, hyper)
    else:
        ranker, model = champion
        snapshot = _snapshot(spark, as_of, affinity, model)
        placed, models = snapshot.customers, models | {"ranker": ranker}
        reachable = Snapshot(placed.join(targets, "customer_id", "left_semi"), snapshot.catalog)
        ranked = propensities(reachable, model.ranker, CANDIDATES_PER_CUSTOMER, model.variety)
        made_from |= lake.inputs([DIM_PRODUCTS], as_of) | landed(as_of)
    new = for_new_customers(
        targets.join(placed, "customer_id", "left_anti"),
        affinity.products,
        affinity.customers.count(),
        CANDIDATES_PER_CUSTOMER,
    )
    write(CANDIDATES, as_of, ranked.unionByName(new), made_from, 4, models)


def _affinity(spark: SparkSession, as_of: date, hyper: AlsHyperparameters) -> tuple[Affinity, str]:
    """Factors, new or folded into a recent fit, and the fit's version; writes the products'."""
    seen, fitted = interests(spark, as_of), fitted_before(as_of, hyper)
    made_from = lake.inputs(LEARNED_FROM, as_of)
    if fitted is None:
        affinity, als = learn(seen, as_of, hyper), version(as_of, hyper)
    else:
        affinity, als = fold_in(seen, as_of, fitted, hyper), fitted.version
        made_from |= lake.inputs([ITEM_FACTORS], fitted.day)
    products = affinity.products
    log.info("ALS of %s: %d products have factors", als, len(products.ids))
    items = pd.DataFrame({"product_id": products.ids, "factors": list(products.factors)})
    lake.write(ITEM_FACTORS, as_of, items, made_from, {NAME: als})
    return affinity, als


def interests(spark: SparkSession, as_of: date) -> DataFrame:
    """What `factors.learn` reads: purchases, and what events on the site are worth beside them."""
    purchases = read(spark, FCT_CUSTOMER_PRODUCTS, as_of)
    if not lake.manifest(FCT_CUSTOMER_EVENTS, as_of).rows:
        return purchases
    events = read(spark, FCT_CUSTOMER_EVENTS, as_of)
    both = purchases.join(events, ["customer_id", "product_id"], "full")
    worth = [f.coalesce(name, f.lit(0.0)) for name in ("decayed_purchases", "decayed_interest")]
    return both.withColumn("decayed_purchases", worth[0] + worth[1])


def _snapshot(spark: SparkSession, as_of: date, affinity: Affinity, model: "Serving") -> Snapshot:
    pairs = histories(customer_lines(spark, as_of), as_of)
    products = lake.read(DIM_PRODUCTS, as_of)
    ranked = replace(affinity, products=with_new_products(affinity.products, products, as_of))
    return take_snapshot(
        pairs, ranked, products, model.comparison, (model.products, model.item_item)
    )


def blended(affinity: Affinity, targets: DataFrame, hyper: AlsHyperparameters) -> DataFrame:
    """Each target's best products: ALS liking plus the weighted habit of buying it."""
    blend = {"blend": Ranking(taste=1, habit=hyper.habit_weight)}
    customers = affinity.customers.join(targets, "customer_id", "left_semi")
    ranked = rank_products(customers, affinity.products, blend, CANDIDATES_PER_CUSTOMER)
    unknown = [f.lit(None).alias(name) for name in ("new_rank", *SHOWN)]
    return ranked.select("customer_id", "product_id", "rank", "score", *unknown)


def write_quality(spark: SparkSession, as_of: date, hyper: AlsHyperparameters, when: str) -> None:
    """Write the ranking's quality as of the week's Monday, judged once a week.

    The figures are a function of that Monday's data, so a day that copies them and a day
    that computes them write the same rows.
    """
    monday = monday_of(as_of)
    judged_days = [day for day in lake.partitions(AFFINITY_QUALITY) if monday <= day < as_of]
    if when == "auto" and judged_days:
        made_from = lake.manifest(AFFINITY_QUALITY, judged_days[-1]).inputs
        lake.write(AFFINITY_QUALITY, as_of, lake.read(AFFINITY_QUALITY, judged_days[-1]), made_from)
        return
    log.info("judging the ranking on the four weeks before %s", monday)
    write(AFFINITY_QUALITY, as_of, evaluate(spark, as_of, monday, hyper), landed(monday))
    quality = lake.read(AFFINITY_QUALITY, as_of)
    if len(quality):
        track(as_of, quality, hyper)


def track(as_of: date, quality: pd.DataFrame, hyper: AlsHyperparameters) -> None:
    """Log one evaluation to the tracking server's experiment "affinity"."""
    import mlflow  # loads for seconds, once a week

    mlflow.set_tracking_uri(settings().tracking_uri)
    mlflow.set_experiment("affinity")
    names = quality["ranking"] + "_" + quality["scope"] + "_" + quality["metric"]
    with mlflow.start_run(run_name=as_of.isoformat(), tags={"as_of": as_of.isoformat()}):
        mlflow.log_params(hyper.model_dump())
        mlflow.log_metrics(dict(zip(names, quality["value"], strict=True)))


def main() -> None:
    from ml.affinity.store import serving  # loads MLflow, which tests of the job need not

    parser = commands.parser(__doc__)
    commands.add_as_of(parser)
    parser.add_argument("--segments", type=int, help="of customers; by default the best number")
    parser.add_argument(
        "--evaluate",
        choices=["auto", "always", "never"],
        default="auto",
        help="judge the ranking on a holdout; auto: once a week (default)",
    )
    args = parser.parse_args()
    commands.log_to_terminal()
    hyper = AlsHyperparameters.read()
    champion = serving()
    with session("promoloop-affinity") as spark:
        write_affinity(spark, args.as_of, hyper, champion)
        write_values(spark, args.as_of)
        write_segments(spark, args.as_of, args.segments, settings().seed)
        if args.evaluate != "never":
            write_quality(spark, args.as_of, hyper, args.evaluate)


if __name__ == "__main__":
    main()
