from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from small_purchases import COLUMNS, PRODUCTS, SMALL, ByHabit

from ml.affinity.ranker import NAMES, negative_sampling_rate
from spark_jobs.als.factors import learn
from spark_jobs.ranker import variety
from spark_jobs.ranker.candidates import examples, propensities
from spark_jobs.ranker.examples import wanted, window_examples
from spark_jobs.ranker.histories import histories, purchases, take_snapshot

BEFORE = date(2017, 12, 4)
BASKETS = {"ann": "abc", "bob": "abd", "cat": "bcd", "dan": "ad"}


def sold(days_before, baskets, discounted=False):
    day = BEFORE - timedelta(days=days_before)
    return [(c, p, day, 1, 2.0, discounted) for c, basket in baskets.items() for p in basket]


LINES = sold(112, BASKETS) + sold(10, {"ann": "a", "bob": "a"}, True) + sold(1, {"cat": "b"})
LATER = sold(-3, {"ann": "d", "bob": "ac"}) + sold(-40, {"dan": "c"})


@pytest.fixture(scope="module")
def lines(spark):
    return spark.createDataFrame(LINES + LATER, COLUMNS).cache()


def everything(lines):
    pairs = histories(lines, BEFORE)
    return take_snapshot(pairs, learn(purchases(pairs), BEFORE, SMALL), PRODUCTS, SMALL.comparison)


@pytest.fixture(scope="module")
def known(lines):
    return everything(lines)


@pytest.fixture(scope="module")
def ranked(known):
    return propensities(known, ByHabit(), 2).toPandas()


def test_a_history_counts_days_lines_and_their_age(lines):
    rows = histories(lines, BEFORE).where("customer_id = 'ann' and product_id = 'a'").collect()

    assert len(rows) == 1
    assert (rows[0]["days"], rows[0]["lines"], rows[0]["last_age"], rows[0]["first_age"]) == (
        2,
        2,
        9,
        111,
    )
    assert rows[0]["decayed_14"] == pytest.approx(2 ** (-9 / 14) + 2 ** (-111 / 14))
    assert rows[0]["own_discounted"] == 0.5


def test_a_products_price_is_its_sales_over_its_units(known):
    assert np.exp(known.catalog.features["log_price"]) == pytest.approx(2.0)


def test_the_catalog_counts_buyers_and_prices(known):
    features = {name: values.tolist() for name, values in known.catalog.features.items()}

    assert known.catalog.ids == list("abcd")
    assert np.exp(features["popularity"]) == pytest.approx([3.5 / 4, 3.5 / 4, 2.5 / 4, 3.5 / 4])
    assert np.exp(features["popularity_28"]) == pytest.approx([2.5 / 4, 1.5 / 4, 0.5 / 4, 0.5 / 4])
    assert np.exp(features["log_price"]) == pytest.approx([2.0] * 4)
    assert features["product_gap"] == [102.0, 111.0, 0.0, 0.0]


def test_what_is_bought_most_comes_first_and_ties_go_by_product(ranked):
    rows = ranked[ranked["customer_id"] == "ann"].sort_values("rank")

    assert rows["product_id"].tolist() == ["a", "b", "d"]
    assert rows["rank"].tolist() == [1, 2, 4]


def test_new_products_have_a_place_of_their_own(ranked):
    places = ranked.set_index(["customer_id", "product_id"])["new_rank"]

    assert places["ann", "d"] == 1
    assert np.isnan(places["ann", "a"])
    assert places["dan", "b"] == 1
    assert places["dan", "c"] == 2


def test_variety_puts_a_less_known_product_before_a_likelier_one(known):
    found = propensities(known, ByHabit(), 2, variety=0.9).toPandas()

    rows = found[(found["customer_id"] == "ann") & (found["rank"] <= 2)].sort_values("rank")
    assert rows["product_id"].tolist() == ["c", "b"]  # fewest buyers; then a shares its maker
    assert found["rank"].max() == 3  # kept as new, beyond the list


def test_nothing_sold_on_or_after_the_date_moves_a_byte(spark, lines, known, ranked):
    others = sold(0, {"dan": "abcd"}) + sold(-5, {"ann": "bbb", "eve": "abcd"})
    shuffled = spark.createDataFrame(LINES + others, COLUMNS)

    again = propensities(everything(shuffled), ByHabit(), 2).toPandas()

    key = ["customer_id", "product_id"]
    pd.testing.assert_frame_equal(
        again.sort_values(key, ignore_index=True), ranked.sort_values(key, ignore_index=True)
    )


def test_examples_are_what_was_bought_in_the_window_and_what_was_not(lines, known):
    rows = examples(known, wanted(lines, known, BEFORE), least=1.0).collect()

    bought = {(r["customer_id"], r["item"]) for r in rows if r["bought"]}
    assert bought == {("ann", 3), ("bob", 0), ("bob", 2)}
    assert len(rows) == 8  # four products for each who bought anything in the window
    assert all(len(r["signals"]) == len(NAMES) for r in rows)


def test_a_window_is_learned_from_in_a_fixed_order_and_its_negatives_stand_for_more(lines):
    seen = window_examples(lines, PRODUCTS, BEFORE, SMALL)

    assert seen.bought.sum() == 3
    assert seen.signals.shape == (len(seen.bought), len(NAMES))
    assert (seen.weights[seen.bought] == 1).all()
    assert seen.weights[~seen.bought] == pytest.approx(
        1 / negative_sampling_rate(seen.signals)[~seen.bought]
    )
    assert seen.weights.max() > 1
    assert (np.diff(seen.customer) >= 0).all()


def test_lists_are_judged_on_what_known_customers_bought_in_the_window(lines, known, monkeypatch):
    monkeypatch.setattr(variety, "ndcg_ratio_by_variety", lambda *read: read)

    rows, customers, bought, catalog, places = variety.accuracy_by_variety(
        known, ByHabit(), lines, BEFORE
    )

    truth = dict(zip(customers, bought.toarray().tolist(), strict=True))
    assert truth == {"ann": [False] * 3 + [True], "bob": [True, False, True, False]}
    best = rows.sort_values("rank").groupby("customer_id")["product_id"].agg("".join)
    assert best.to_dict() == {"ann": "abcd", "bob": "abdc"}
    assert catalog.ids == list("abcd")
    assert places == 100
