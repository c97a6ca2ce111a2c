from datetime import date

import pytest

from ml.affinity.hyperparameters import AlsHyperparameters
from ml.settings import settings
from spark_jobs.als.factors import CHECKPOINT, fit_als, learn, places
from spark_jobs.tables import checkpointed

PAIRS = "customer int, item int, habit float"
AS_OF = date(2017, 12, 4)
SMALL = AlsHyperparameters.read().model_copy(
    update={"rank": 4, "iterations": 3, "minimum_customers": 2}
)


def test_units_say_how_sure_we_are_not_how_much_a_customer_likes_it(spark):
    tea, cup, drill = 0, 1, 2
    baskets = [(tea, cup), (drill,)]
    rows = [(c, product, 50.0) for c in range(20) for product in baskets[c % 2]]
    pairs = spark.createDataFrame(rows, PAIRS)

    liking = fit_als(pairs, SMALL).transform(pairs).toPandas()["prediction"]

    assert liking.between(0.8, 1.2).all()  # explicit ratings would predict about 50


def test_iterations_leave_checkpoints_that_go_when_the_job_ends(spark, home):
    pairs = spark.createDataFrame([(c, c % 3, 1.0) for c in range(9)], PAIRS)
    longer = SMALL.model_copy(update={"iterations": CHECKPOINT + 1})

    with checkpointed(spark):
        fit_als(pairs, longer)
        cut = list(settings().lake.glob(".checkpoints-*/*/rdd-*"))

    assert cut
    assert not list(settings().lake.iterdir())


@pytest.fixture(scope="module")
def affinity(spark):
    rows = [(c, p, 1.0, date(2017, 12, 1)) for c in ("b", "a") for p in ("tea", "cup")]
    rows += [("b", "once", 9.0, date(2017, 12, 1)), ("c", "tea", 1.0, date(2017, 10, 1))]
    columns = "customer_id string, product_id string, decayed_purchases double, last_bought_on date"
    return learn(spark.createDataFrame(rows, columns), AS_OF, SMALL)


def test_products_too_few_customers_bought_have_no_factors(affinity):
    assert affinity.products.ids == ["cup", "tea"]
    assert affinity.products.factors.shape == (2, 4)


def test_popularity_counts_only_buyers_of_the_last_four_weeks(affinity):
    assert affinity.products.popularity.tolist() == [2, 2]


def test_a_customers_habits_are_listed_beside_their_factors(affinity):
    rows = {row["customer_id"]: row for row in affinity.customers.collect()}

    assert rows["b"]["items"] == [0, 1]
    assert rows["c"]["items"] == [1]
    assert rows["c"]["habits"] == pytest.approx([0.6931472])


def test_places_follow_the_order_of_ids_whatever_partition_they_are_in(spark):
    ids = [f"{n:02d}" for n in range(40)]
    frame = spark.createDataFrame([(one,) for one in [*reversed(ids), *ids]], "id string")

    found = places(frame.repartition(5), "id", "place").collect()

    assert {row["id"]: row["place"] for row in found} == dict(zip(ids, range(40), strict=True))
