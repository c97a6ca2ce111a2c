from datetime import date
from math import log2

import pytest

from spark_jobs.als.quality import decayed, scored

RANKED = "customer_id string, ranking string, product_id string, rank long, score double"
BOUGHT = "customer_id string, product_id string, is_new boolean"


@pytest.fixture(scope="module")
def quality(spark):
    ranked = [("ann", "als/all", p, place, 0.0) for place, p in enumerate("wxyz", 1)]
    ranked += [("bob", "als/all", p, place, 0.0) for place, p in enumerate("wxyz", 1)]
    ranked += [("ann", "als/new", "z", 1, 0.0), ("bob", "als/new", "w", 1, 0.0)]
    bought = [("ann", "x", False), ("ann", "z", True), ("ann", "q", False), ("bob", "p", False)]
    frame = scored(spark.createDataFrame(ranked, RANKED), spark.createDataFrame(bought, BOUGHT))
    return {(r["scope"], r["metric"]): (r["value"], r["customers"]) for r in frame.collect()}


def test_ndcg_is_what_a_hand_computes(quality):
    gain = 1 / log2(3) + 1 / log2(5)  # x in second place, z in fourth
    ideal = 1 + 1 / log2(3) + 1 / log2(4)  # three were bought

    value, customers = quality["all", "ndcg_at_10"]

    assert float(value) == pytest.approx((gain / ideal + 0) / 2)  # bob's product was not found
    assert customers == 2


def test_recall_is_the_share_of_everything_bought(quality):
    assert float(quality["all", "recall_at_10"][0]) == pytest.approx((2 / 3 + 0) / 2)


def test_new_counts_only_customers_who_bought_something_new(quality):
    assert float(quality["new", "ndcg_at_10"][0]) == pytest.approx(1.0)
    assert quality["new", "ndcg_at_10"][1] == 1


def test_a_purchase_loses_half_its_weight_in_112_days(spark):
    lines = [("ann", "x", date(2017, 1, 1), b) for b in ("1", "1", "2")]
    lines += [("ann", "x", date(2017, 4, 23), "3")]
    frame = spark.createDataFrame(
        lines, "customer_id string, product_id string, sold_on date, basket_id string"
    )

    row = decayed(frame, date(2017, 4, 23)).first()

    assert row["decayed_purchases"] == pytest.approx(2 * 0.5 + 1)
    assert row["last_bought_on"] == date(2017, 4, 23)
