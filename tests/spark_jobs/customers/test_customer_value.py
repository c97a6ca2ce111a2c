import json
from math import exp

import numpy as np
import pandas as pd
import pytest

from spark_jobs.customers.audiences import audiences, rand_index
from spark_jobs.customers.customer_value import (
    AWAY_DAYS,
    LIFETIME_WEEKS,
    GapModel,
    fit_gaps,
    sample,
    worth,
)

GAPS = (
    "customer_id string, started_on date, days long, is_open boolean, "
    "visit_days long, usual_days double"
)


def drawn(model, customers=3000, seed=7):
    """Gaps drawn from the law itself, a tenth of them cut short."""
    rng = np.random.default_rng(seed)
    usual, visits = rng.uniform(2, 30, customers), rng.integers(1, 60, customers)
    scale = np.exp(model.level + model.pace * np.log(usual) + model.seen * np.log(visits))
    chance = rng.uniform(size=customers)
    days = scale * (chance / (1 - chance)) ** (1 / model.shape)
    is_open = rng.uniform(size=customers) < 0.1
    days = np.where(is_open, days * rng.uniform(size=customers), days)
    return pd.DataFrame(
        {"days": days, "is_open": is_open, "usual_days": usual, "visit_days": visits}
    )


def test_the_distribution_that_generated_the_gaps_is_recovered():
    true = GapModel(level=1.0, pace=0.5, seen=-0.3, shape=1.8)

    found = fit_gaps(drawn(true))

    assert found.level == pytest.approx(true.level, abs=0.15)
    assert (found.pace, found.seen) == pytest.approx((true.pace, true.seen), abs=0.05)
    assert found.shape == pytest.approx(true.shape, rel=0.05)


@pytest.fixture(scope="module")
def gaps(spark):
    rows = [
        ("ann", None, 7, True, 10, 6.3),
        ("ann", None, 5, False, 9, 6.0),
        ("bob", None, 70, True, 10, 6.3),
        ("new", None, 1, True, 1, 14.0),
    ]
    return spark.createDataFrame(rows, GAPS)


@pytest.fixture(scope="module")
def valued(spark, gaps):
    sales = [("ann", 200.0), ("bob", 200.0), ("new", 30.0)]
    customers = spark.createDataFrame(sales, "customer_id string, sales double")
    model = GapModel(level=1.0, pace=0.0, seen=0.0, shape=2.0)
    return {row["customer_id"]: row for row in worth(gaps, customers, model).collect()}


def test_the_chance_to_lose_a_customer_is_what_a_hand_computes(valued):
    scale = exp(1.0)  # log scale = 1 for everybody
    still_away = (1 + (7 / scale) ** 2) / (1 + ((7 + AWAY_DAYS) / scale) ** 2)

    assert valued["ann"]["churn_probability"] == pytest.approx(still_away, abs=1e-6)
    assert valued["bob"]["churn_probability"] > valued["ann"]["churn_probability"]


def test_who_is_not_lost_goes_on_at_the_pace_and_with_the_baskets_so_far(valued):
    ann = valued["ann"]
    so_far = (10 + 2) / (63 + 7 + 28)  # visits a day, with two in four weeks added
    pace = (2 + 10) / (7 + 5 + 10 / so_far)  # two newest gaps, and ten visits as so far

    visits = 7 * LIFETIME_WEEKS * pace * (1 - ann["churn_probability"])
    assert ann["expected_visits"] == pytest.approx(visits, abs=1e-3)
    assert ann["lifetime_value"] == pytest.approx(visits * 20, abs=0.02)
    assert set(valued) == {"ann", "bob", "new"}


def test_a_sample_is_bounded_and_keeps_all_gaps_of_its_customers(gaps):
    assert len(sample(gaps, 3)) == 4
    few = sample(gaps, 1)
    assert len(few) < 4
    assert few.groupby("customer_id").size().get("ann", 2) == 2


def grouping(spark, segments):
    rows = [(f"c{n}", segment) for n, segment in enumerate(segments)]
    return spark.createDataFrame(rows, "customer_id string, segment_id long")


def test_stability_is_the_adjusted_rand_index_whatever_segments_are_called(spark):
    one = grouping(spark, [0, 0, 0, 1, 1, 1])

    assert rand_index(one, grouping(spark, [5, 5, 5, 2, 2, 2, 9])) == 1.0
    # Hubert and Arabie's formula by hand: 2 shared pairs, 6 and 4 pairs, 15 in all.
    moved = grouping(spark, [0, 0, 1, 1, 2, 2])
    assert rand_index(one, moved) == pytest.approx((2 - 6 * 3 / 15) / ((6 + 3) / 2 - 6 * 3 / 15))


def test_an_audience_sums_up_its_customers_and_all_is_one_too(spark):
    from pyspark.ml.linalg import Vectors

    members = [
        ("a", "segment-0", "frequent", Vectors.dense(1.0, 9.0)),
        ("b", "segment-0", "frequent", Vectors.dense(3.0, 9.0)),
        ("c", "segment-1", "lapsing", Vectors.dense(-4.0, 9.0)),
    ]
    facts = [(c, s, t, *[v] * 8) for c, s, t, v in (("a", 30, True, 1.0), ("b", 10, False, 2.0))]
    facts.append(("c", 60, True, *[6.0] * 8))
    names = "recency_days visits_per_week mean_basket_sales discounted_share saved_share "
    names += "price_level churn_probability lifetime_value"
    columns = [f"{name} double" for name in names.split()]
    found = audiences(
        spark.createDataFrame(members, ["customer_id", "audience_id", "segment", "z"]),
        spark.createDataFrame(
            facts, ", ".join(["customer_id string, sales long, may_be_targeted boolean", *columns])
        ),
        ("visits",),
    ).set_index("audience_id")

    assert found["customers"].to_dict() == {"segment-0": 2, "segment-1": 1, "all": 3}
    assert found["may_be_targeted"].to_dict() == {"segment-0": 1, "segment-1": 1, "all": 2}
    assert found["sales_share"].to_dict() == {"segment-0": 0.4, "segment-1": 0.6, "all": 1.0}
    assert found["lifetime_value"].to_dict() == {"segment-0": 1.5, "segment-1": 6.0, "all": 3.0}
    assert json.loads(found.loc["segment-0", "traits"]) == {"visits": 2.0}
