"""What customers are worth: who may be lost, and what the others will spend.

The time to a customer's next visit follows a log-logistic law whose scale moves with their pace
so far: an accelerated failure time model, fitted by lifelines on the newest gaps between visits,
the one under way censored. Who is not lost goes on at the pace and with the baskets so far, the
newest visits counting more, and few visits less.
"""

import logging
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS, FCT_CUSTOMER_GAPS
from ml.contracts.profiles import CUSTOMER_VALUES
from spark_jobs.tables import read, write

log = logging.getLogger(__name__)

AWAY_DAYS = 56  # who stays away so long from now on counts as lost
LIFETIME_WEEKS = 52  # a lifetime is cut here: one year of data says little of what follows
PRIOR_VISITS, PRIOR_DAYS = 2, 28  # added to what is known of a pace: who came seldom comes oftener
STEADY_VISITS = 10  # at the pace so far, that the newest ones, as many at most, are mixed with
FITTED = 2_000  # customers at most, however many there are: four figures are fitted
SHRINKAGE = 1e-4  # keeps a fit on a handful of gaps finite


@dataclass(frozen=True)
class GapModel:
    """S(t) = 1 / (1 + (t / scale)^shape), log scale = level + pace log usual + seen log visits."""

    level: float
    pace: float
    seen: float
    shape: float

    def survival(self, days: Column) -> Column:
        """The chance that a gap is longer than `days`, beside `usual_days` and `visit_days`."""
        scale = f.exp(
            self.level + self.pace * f.log("usual_days") + self.seen * f.log("visit_days")
        )
        return 1.0 / (1.0 + f.pow(days / scale, self.shape))


def fit_gaps(gaps: pd.DataFrame) -> GapModel:
    """From rows of FCT_CUSTOMER_GAPS.

    Source: Bennett (1983), "Log-logistic regression models for survival data", Applied
    Statistics 32(2).
    """
    from lifelines import LogLogisticAFTFitter  # loads for seconds

    observed = pd.DataFrame(
        {
            "days": gaps["days"].astype(float),
            "ended": ~gaps["is_open"],
            "usual": np.log(gaps["usual_days"]),
            "visits": np.log(gaps["visit_days"]),
        }
    )
    fitted = LogLogisticAFTFitter(penalizer=SHRINKAGE).fit(observed, "days", "ended").params_
    level, pace, seen = (float(fitted["alpha_"][name]) for name in ("Intercept", "usual", "visits"))
    return GapModel(level, pace, seen, float(np.exp(fitted["beta_"]["Intercept"])))


def worth(
    gaps: DataFrame,
    customers: DataFrame,
    model: GapModel,
    away_days: int = AWAY_DAYS,
    weeks: int = LIFETIME_WEEKS,
) -> DataFrame:
    """Rows of CUSTOMER_VALUES, from the newest gaps and the customers' sales.

    Who is not lost goes on at a pace, visits a day, between that so far and that of the newest.
    """
    silence = f.col("days").cast("double")
    lost = model.survival(silence + away_days) / model.survival(silence)
    days_known = f.col("usual_days") * f.col("visit_days") + silence
    so_far = (f.col("visit_days") + PRIOR_VISITS) / (days_known + PRIOR_DAYS)
    pace = (f.col("newest") + STEADY_VISITS) / (f.col("newest_days") + STEADY_VISITS / so_far)
    visits = 7.0 * weeks * pace * (1.0 - lost)
    basket = f.col("sales").cast("double") / f.col("visit_days")
    newest = gaps.groupBy("customer_id").agg(
        f.count("*").alias("newest"), f.sum("days").alias("newest_days")
    )
    waiting = gaps.where("is_open").join(newest, "customer_id")
    return waiting.join(customers.select("customer_id", "sales"), "customer_id").select(
        "customer_id",
        f.round(lost, 6).alias("churn_probability"),
        f.round(visits, 4).alias("expected_visits"),
        f.round(visits * basket, 2).alias("lifetime_value"),
    )


def sample(gaps: DataFrame, customers: int) -> pd.DataFrame:
    """The gaps of so many customers, drawn by the hash of their pseudonyms, on the driver."""
    every = -(-gaps.where("is_open").count() // customers)
    drawn = gaps.where(f.pmod(f.hash("customer_id"), f.lit(every)) == 0)
    return drawn.orderBy("customer_id", "started_on").toPandas()


def write_values(spark: SparkSession, as_of: date) -> None:
    """Write what each customer of one as-of date is expected to be worth."""
    gaps, customers = read(spark, FCT_CUSTOMER_GAPS, as_of), read(spark, DIM_CUSTOMERS, as_of)
    model = fit_gaps(sample(gaps, FITTED))
    log.info("gaps between visits: %s", model)
    made_from = lake.inputs((FCT_CUSTOMER_GAPS, DIM_CUSTOMERS), as_of)
    write(CUSTOMER_VALUES, as_of, worth(gaps, customers, model), made_from)
