from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS
from ml.contracts.outputs import CUSTOMER_FACTORS
from ml.contracts.profiles import (
    CUSTOMER_SEGMENTS,
    CUSTOMER_VALUES,
    DIM_AUDIENCES,
    EVERYBODY,
    SEGMENT_CENTRES,
)
from spark_jobs.als.fold_in import NAME as ALS
from spark_jobs.customers.centroids import NAME, in_scales
from spark_jobs.customers.segments import (
    PROFILE,
    best_number,
    fit_segments,
    named,
    place,
    points,
    segment_names,
    write_segments,
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
    centres = fit_segments(DAY, *placed, 2, seed=7)

    rows = {row["customer_id"]: row for row in named(centres, placed[0]).collect()}

    assert len(rows) == 12
    assert {rows[f"big{n}"]["segment_id"] for n in range(6)} == {0}
    assert {rows[f"small{n}"]["segment_id"] for n in range(6)} == {1}
    assert rows["big0"]["audience_id"] == "segment-0"
    assert rows["big0"]["segment"] != rows["small0"]["segment"]
    assert centres.names == [rows["big0"]["segment"], rows["small0"]["segment"]]


def test_the_same_customers_get_the_same_names_whatever_the_seed(placed):
    def names(seed):
        members = named(fit_segments(DAY, *placed, 2, seed), placed[0])
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


FILL = {"string": "", "int64": 1, "double": 0.5, "date": DAY, "bool": True}


def write_customers(day, spend, als):
    """Twelve customers: those called big and small visit unlike, and spend as given."""
    names = [f"{kind}{n}" for kind in spend for n in range(6)]
    given = {
        "customer_id": names,
        "sales": [Decimal(spend[name[:-1]] + int(name[-1])) for name in names],
        "visits": [90 if name.startswith("big") else 3 for name in names],
        "factors": [[float(name.startswith("big")), 0.5] for name in names],
    }
    for table in (DIM_CUSTOMERS, CUSTOMER_VALUES, CUSTOMER_FACTORS):
        columns = {c.name: given.get(c.name, FILL.get(c.kind)) for c in table.columns}
        lake.write(table, day, pd.DataFrame(columns), models={ALS: als})


def test_segments_are_kept_between_fits_and_go_on_when_found_anew(spark, home):
    days = (DAY, DAY + timedelta(days=1), DAY + timedelta(days=7))
    _, tuesday, monday = days
    write_customers(DAY, {"big": 900, "small": 10}, als="one")
    write_segments(spark, DAY, 2, seed=7)
    for day, als, segments in ((tuesday, "one", None), (monday, "another", 2)):
        write_customers(day, {"big": 10, "small": 900}, als)  # without a past, small would be 0
        write_segments(spark, day, segments, seed=7)

    made = [lake.manifest(CUSTOMER_SEGMENTS, day) for day in days]
    assert [one.models[NAME] for one in made] == [str(DAY), str(DAY), str(monday)]
    assert [one.models[ALS] for one in made] == ["one", "one", "another"]
    assert [SEGMENT_CENTRES.name in one.inputs for one in made] == [False, True, False]
    assert made[1].inputs.items() >= lake.inputs((CUSTOMER_SEGMENTS, SEGMENT_CENTRES), DAY).items()
    for day in days:
        segment = lake.read(CUSTOMER_SEGMENTS, day).set_index("customer_id")["segment_id"]
        assert segment.to_dict() == {
            f"{kind}{n}": number for number, kind in enumerate(("big", "small")) for n in range(6)
        }
    groups = lake.read(DIM_AUDIENCES, monday).set_index("audience_id")
    assert groups["customers"].to_dict() == {EVERYBODY: 12, "segment-0": 6, "segment-1": 6}
    assert groups["stability"].eq(1.0).all()
    assert lake.read(DIM_AUDIENCES, DAY)["stability"].isna().all()

    write_segments(spark, monday, 2, seed=7)  # made again: it follows the day before, not itself
    assert lake.manifest(CUSTOMER_SEGMENTS, monday) == made[2]
