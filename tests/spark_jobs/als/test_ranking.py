import numpy as np
import pytest

from spark_jobs.als.ranking import Products, Ranking, rank_products, top

PRODUCTS = Products(
    ["a", "b", "c"],
    np.array([[1.0], [2.0], [3.0]], np.float32),
    np.array([9.0, 0.0, 5.0], np.float32),
)


@pytest.fixture(scope="module")
def customers(spark):
    columns = "customer_id string, factors array<float>, items array<int>, habits array<float>"
    rows = [("ann", [1.0], [0], [2.5]), ("bob", [-1.0], [0, 2], [0.5, 0.25])]
    return spark.createDataFrame(rows, columns)


def ranked(customers, ranking, limit=3):
    rows = rank_products(customers, PRODUCTS, {"r": ranking}, limit, parts=1).collect()
    return [(row["customer_id"], row["product_id"], row["rank"], row["score"]) for row in rows]


def test_als_orders_by_the_product_of_factors(customers):
    assert ranked(customers, Ranking(taste=1), limit=2) == [
        ("ann", "c", 1, 3.0),
        ("ann", "b", 2, 2.0),
        ("bob", "a", 1, -1.0),
        ("bob", "b", 2, -2.0),
    ]


def test_habit_lifts_what_the_customer_buys(customers):
    assert ranked(customers, Ranking(taste=1, habit=2), limit=1) == [
        ("ann", "a", 1, 6.0),
        ("bob", "a", 1, 0.0),
    ]


def test_popularity_is_the_same_for_everybody(customers):
    products = [row[1] for row in ranked(customers, Ranking(popularity=1))]

    assert products == ["a", "c", "b"] * 2


def test_new_only_leaves_out_what_was_bought(customers):
    rows = ranked(customers, Ranking(taste=1, new_only=True))

    assert [(row[0], row[1]) for row in rows] == [("ann", "c"), ("ann", "b"), ("bob", "b")]


def test_equal_scores_keep_the_order_of_products_even_at_the_cut():
    columns, values = top(np.array([[5, 7, 5, 5, 7]]), 3)

    assert columns.tolist() == [[1, 4, 0]]
    assert values.tolist() == [[7, 7, 5]]
