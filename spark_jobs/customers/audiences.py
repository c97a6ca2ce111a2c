"""Describe groups of customers, and say how alike two groupings are."""

import json
from math import comb

import pandas as pd
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, GroupedData
from pyspark.sql import functions as f

from ml.contracts.profiles import EVERYBODY

MEANS = (
    "recency_days",
    "visits_per_week",
    "mean_basket_sales",
    "discounted_share",
    "saved_share",
    "price_level",
    "churn_probability",
    "lifetime_value",
)
EXACT = "decimal(28,8)"  # sums of decimals do not depend on their order
DIGITS = 4


def audiences(members: DataFrame, customers: DataFrame, traits: tuple[str, ...]) -> pd.DataFrame:
    """One row a segment and one for all: DIM_AUDIENCES without its two figures of quality.

    `members` holds customer_id, audience_id, segment and `z`, whose first values are the
    standardised `traits`; `customers` the columns of MEANS, sales and may_be_targeted.
    """
    z = vector_to_array(f.col("z"))
    scored = members.select(
        "customer_id",
        "audience_id",
        f.col("segment").alias("audience"),
        *(z[place].alias(f"z_{name}") for place, name in enumerate(traits)),
    )
    facts = customers.select("customer_id", "sales", "may_be_targeted", *MEANS)
    rows = scored.join(facts, "customer_id")
    everybody = rows.withColumns(
        {"audience_id": f.lit(EVERYBODY), "audience": f.lit("all customers")}
    )
    table = _summed(rows.union(everybody).groupBy("audience_id", "audience"), traits).toPandas()
    total = table.loc[table["audience_id"] == EVERYBODY, "sales"].iloc[0]
    table["sales_share"] = (table["sales"] / total).astype(float)
    table["traits"] = [
        json.dumps({name: round(row[f"z_{name}"], DIGITS) + 0.0 for name in traits}, sort_keys=True)
        for row in table.to_dict("records")
    ]
    return table


def _summed(grouped: GroupedData, traits: tuple[str, ...]) -> DataFrame:
    averaged = (*MEANS, *(f"z_{name}" for name in traits))
    return grouped.agg(
        f.count("*").alias("customers"),
        f.sum(f.col("may_be_targeted").cast("long")).alias("may_be_targeted"),
        f.sum("sales").alias("sales"),
        *(f.avg(f.col(name).cast(EXACT)).cast("double").alias(name) for name in averaged),
    )


def rand_index(one: DataFrame, other: DataFrame) -> float:
    """The adjusted Rand index of two groupings of the customers that are in both.

    1: the same groups, whatever their names; 0: no more alike than by chance. Source: Hubert
    and Arabie (1985), "Comparing partitions", Journal of Classification 2.
    """
    pairs = one.select("customer_id", f.col("segment_id").alias("one")).join(
        other.select("customer_id", f.col("segment_id").alias("other")), "customer_id"
    )
    counts = pairs.groupBy("one", "other").count().toPandas()
    together = _pairs(counts["count"])
    ones, others = (_pairs(counts.groupby(side)["count"].sum()) for side in ("one", "other"))
    every = comb(int(counts["count"].sum()), 2)
    chance = ones * others / every if every else 0.0
    best = (ones + others) / 2
    return 1.0 if best == chance else (together - chance) / (best - chance)


def _pairs(counts: pd.Series) -> int:
    return sum(comb(int(count), 2) for count in counts)
