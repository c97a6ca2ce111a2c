"""Do in small what the jobs do, so that the JVM that runs this can archive its classes."""

from datetime import date

from pyspark.sql import functions as f

from ml import commands
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.settings import settings
from spark_jobs.als.factors import learn
from spark_jobs.als.ranking import Ranking, rank_products
from spark_jobs.customers.segments import PROFILE, fit_segments, named, place
from spark_jobs.tables import session

DAY = date(2017, 1, 1)
PURCHASES = "customer_id string, product_id string, decayed_purchases double, last_bought_on date"
SMALL = {"rank": 2, "iterations": 1, "minimum_customers": 2}


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("scratch", help="a folder that may be overwritten")
    scratch = parser.parse_args().scratch
    with session("promoloop-classes") as spark:
        rows = [(f"customer {c}", f"product {p}", 1.0, DAY) for c in range(8) for p in range(6)]
        spark.createDataFrame(rows, PURCHASES).write.parquet(scratch, mode="overwrite")
        tiny = AlsHyperparameters.read().model_copy(update=SMALL)
        affinity = learn(spark.read.parquet(scratch), DAY, tiny)
        rank_products(affinity.customers, affinity.products, {"blend": Ranking(taste=1)}, 3).count()
        profile = [f.hash("customer_id", f.lit(name)).alias(name) for name in PROFILE]
        customers = affinity.customers.select("customer_id", *profile)
        placed, scale = place(customers, affinity.customers)
        named(fit_segments(DAY, placed, scale, 2, settings().seed), placed).count()


if __name__ == "__main__":
    main()
