from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyspark.ml.linalg import Vectors

from ml import lake
from ml.contracts.profiles import SEGMENT_CENTRES
from spark_jobs.customers.centroids import (
    Centres,
    fit_centres,
    in_scales,
    matched_ids,
    renumbered,
    reusable_centres,
)

MONDAY, TUESDAY, WEDNESDAY = (date(2017, 12, day) for day in (4, 5, 6))
TWO = Centres(
    "2017-12-04",
    [3, 1],
    ["frequent", "lapsing"],
    np.array([[0.0, 1.0], [5.0, 0.5]], np.float32),
    np.array([1.0, 10.0], np.float32),
)


def at(spark, **points):
    rows = [(name, Vectors.dense(*values)) for name, values in points.items()]
    return spark.createDataFrame(rows, ["customer_id", "at"])


def test_a_customer_belongs_to_the_nearest_centre_in_scales(spark):
    placed = at(spark, near=(1.0, 9.0), far=(4.0, 9.0), odd=(2.4, 10.0), even=(2.6, 5.0))

    rows = TWO.assign(placed).collect()

    assert {row["customer_id"]: row["segment_id"] for row in rows} == {
        "near": 3,
        "far": 1,
        "odd": 3,  # 2.4 and 2.6 away in the first; the second, over 10, weighs little
        "even": 1,
    }


def test_centres_serve_as_long_as_the_factors_fit_does(home):
    lake.write(SEGMENT_CENTRES, MONDAY, TWO.rows(), {}, {"als": "one", "segments": TWO.version})

    centres, day = reusable_centres(TUESDAY, "one")

    assert day == MONDAY
    assert centres.version == TWO.version
    assert dict(zip(centres.ids, centres.names, strict=True)) == {3: "frequent", 1: "lapsing"}
    by_id = dict(zip(centres.ids, centres.centres.tolist(), strict=True))
    assert by_id == {3: [0.0, 1.0], 1: [5.0, 0.5]}
    assert centres.scale.tolist() == [1.0, 10.0]
    assert reusable_centres(TUESDAY, "another fit") is None
    assert reusable_centres(MONDAY, "one") is None  # nothing before it


def test_a_later_day_is_never_taken_over(home):
    lake.write(SEGMENT_CENTRES, WEDNESDAY, TWO.rows(), {}, {"als": "one", "segments": "x"})

    assert reusable_centres(TUESDAY, "one") is None


def test_of_several_tries_the_closest_centres_are_taken(spark):
    rng = np.random.default_rng(7)
    true = [(0.0, 0.0), (9.0, 0.0), (0.0, 9.0), (9.0, 9.0)]
    points = {
        f"{group}-{n}": rng.normal(centre, 0.1)
        for group, centre in enumerate(true)
        for n in range(10)
    }

    centres = fit_centres(in_scales(at(spark, **points), np.ones(2)), 4, seed=7)

    nearest = [np.abs(centres - centre).sum(axis=1).min() for centre in true]
    assert max(nearest) < 0.3


def test_a_segment_keeps_its_number_where_most_of_its_customers_are_still_together(spark):
    def members(**segments):
        rows = [
            (f"{group}{n}", group_id)
            for group, (group_id, size) in segments.items()
            for n in range(size)
        ]
        return spark.createDataFrame(rows, "customer_id string, segment_id long")

    before = members(a=(0, 6), b=(1, 5), gone=(4, 3))
    now = members(a=(1, 6), b=(0, 5), new=(2, 4))

    assert matched_ids(now, before) == {1: 0, 0: 1, 2: 5}  # 4 was another's


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        ([(0, 7, 6), (0, 8, 5), (1, 8, 5)], {0: 7, 1: 8}),
        ([(0, 7, 2), (0, 8, 2), (1, 8, 2), (1, 7, 2)], {0: 9, 1: 10}),  # nobody has a half
        ([(0, 7, 4), (1, 7, 3)], {0: 7, 1: 8}),  # parted: the larger part goes on
    ],
)
def test_what_goes_on_keeps_most_customers_together(shared, expected):
    assert renumbered(pd.DataFrame(shared, columns=["new", "old", "count"])) == expected
