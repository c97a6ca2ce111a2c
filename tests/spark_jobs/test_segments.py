from datetime import date

import numpy as np
import pytest

from spark_jobs.centres import in_scales
from spark_jobs.segments import (
    PROFILE,
    best_number,
    found,
    named,
    place,
    points,
    segment_names,
)

DAY = date(2017, 12, 4)

AVERAGE = dict.fromkeys(PROFILE, 0.0)


def test_a_segment_is_named_after_what_is_furthest_from_average():
    lapsing = AVERAGE | {"recency_days": 2.0, "visits": -1.0, "sales": -0.5}

    assert segment_names([lapsing]) == ["lapsing, occasional"]


def test_two_segments_never_share_a_name():
    first = AVERAGE | {"visits": 2.0, "sales": 1.0, "coupon_share": 0.5}
    second = AVERAGE | {"visits": 2.0, "sales": 1.0, "coupon_share": -0.5}

    names = segment_names([first, second, second, second])

    assert names[:2] == ["frequent, high spend", "frequent, high spend, no coupons"]
    assert len(set(names)) == 4


@pytest.fixture(scope="module")
def placed(spark):
    shops = {"big": (2, 90, 9000.0), "small": (200, 3, 40.0)}
    rows = [
        (f"{kind}{n}", days + n, visits + n, sales + n, sales / visits, 0.2, 0.1, 1.0, 0.3, 0.4)
        for kind, (days, visits, sales) in shops.items()
        for n in range(6)
    ]
    columns = "customer_id string, recency_days long, visits long, sales double, " + ", ".join(
        f"{name} double" for name in list(PROFILE)[3:]
    )
    factors = [(f"big{n}", [1.0, 0.0, 0.3]) for n in range(6)] + [("small0", [0.0, 1.0, 0.0])]
    tastes = spark.createDataFrame(factors, "customer_id string, factors array<float>")
    return place(spark.createDataFrame(rows, columns), tastes)


def test_segment_0_spends_most_and_everybody_has_one(placed):
    centres = found(DAY, *placed, 2, seed=7)

    rows = {row["customer_id"]: row for row in named(centres, placed[0]).collect()}

    assert len(rows) == 12
    assert {rows[f"big{n}"]["segment_id"] for n in range(6)} == {0}
    assert {rows[f"small{n}"]["segment_id"] for n in range(6)} == {1}
    assert rows["big0"]["audience_id"] == "segment-0"
    assert rows["big0"]["segment"] != rows["small0"]["segment"]
    assert centres.names == [rows["big0"]["segment"], rows["small0"]["segment"]]


def test_the_same_customers_get_the_same_names_whatever_the_seed(placed):
    def names(seed):
        members = named(found(DAY, *placed, 2, seed), placed[0])
        return sorted(map(tuple, members.select("customer_id", "segment_id", "segment").collect()))

    one, other = (names(seed) for seed in (1, 2))

    assert one == other


def test_all_factors_together_weigh_as_two_columns_of_the_profile(placed):
    customers, scale = placed
    at = np.array([row["at"].toArray() for row in customers.collect()])
    spread = at.std(axis=0, ddof=1)

    counts = (spread / scale) ** 2
    assert counts[-3:].sum() == pytest.approx(2.0)
    varied = spread[:-3] > 1e-9
    assert counts[:-3][varied] == pytest.approx(np.ones(varied.sum()))


def test_as_many_segments_are_made_as_are_best_apart(placed):
    rng = np.random.default_rng(7)
    three = np.concatenate([rng.normal(centre, 0.1, (20, 2)) for centre in (0, 5, 10)])

    assert best_number(three, range(2, 6), seed=7) == 3
    assert best_number(three[:2], range(2, 6), seed=7) == 2  # too few to choose
    assert points(in_scales(*placed)).shape == (12, len(PROFILE) + 3)
