from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import lake
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.contracts.outputs import ITEM_FACTORS
from spark_jobs.als.factors import learn
from spark_jobs.als.fold_in import NAME, Fitted, HalfStep, fitted_before, fold_in, version

FITTED_ON = date(2017, 12, 4)
SMALL = AlsHyperparameters.read().model_copy(
    update={"rank": 4, "iterations": 3, "minimum_customers": 2, "alpha": 3.0}
)
COLUMNS = "customer_id string, product_id string, decayed_purchases double, last_bought_on date"


@pytest.fixture(scope="module")
def learned(spark):
    """Purchases of a, b, c and d, once bought by one alone, and the factors fitted on them."""
    rng = np.random.default_rng(7)
    day = FITTED_ON - timedelta(days=1)
    rows = [
        (f"customer {c}", product, float(rng.uniform(0.1, 9)), day)
        for c in range(12)
        for product in "abcd"
        if rng.random() < 0.6
    ]
    purchases = spark.createDataFrame(rows, COLUMNS).cache()
    affinity = learn(purchases, FITTED_ON, SMALL)
    products = affinity.products
    return purchases, affinity, Fitted(FITTED_ON, "one", products.ids, products.factors)


def factors(affinity):
    return {row["customer_id"]: row["factors"] for row in affinity.customers.collect()}


def test_with_the_pairs_of_the_fit_a_half_step_gives_the_fits_own_factors(learned):
    purchases, affinity, fitted = learned

    folded = fold_in(purchases, FITTED_ON, fitted, SMALL)

    expected, found = factors(affinity), factors(folded)
    assert found.keys() == expected.keys()
    for customer, values in expected.items():
        assert found[customer] == pytest.approx(values, rel=1e-3, abs=1e-5)
    assert folded.products.popularity.tolist() == affinity.products.popularity.tolist()


def test_a_customer_new_since_the_fit_has_factors_and_their_purchases_beside_them(spark, learned):
    purchases, affinity, fitted = learned
    twin = affinity.customers.first()
    habits = [float(np.expm1(h)) for h in twin["habits"]]
    new = [
        ("new", fitted.ids[item], habit, FITTED_ON)
        for item, habit in zip(twin["items"], habits, strict=True)
    ]

    folded = fold_in(purchases.union(spark.createDataFrame(new, COLUMNS)), FITTED_ON, fitted, SMALL)

    row = folded.customers.where("customer_id = 'new'").first()
    assert row["factors"] == pytest.approx(twin["factors"], rel=1e-3, abs=1e-5)
    assert row["items"] == twin["items"]


def test_a_product_nobody_bought_any_more_is_left_out(learned):
    purchases, _, fitted = learned
    first, *others = fitted.ids

    folded = fold_in(purchases.where(f"product_id != '{first}'"), FITTED_ON, fitted, SMALL)

    assert folded.products.ids == others
    np.testing.assert_array_equal(folded.products.factors, fitted.factors[1:])


def test_a_half_step_solves_the_equations_of_the_paper():
    rng = np.random.default_rng(3)
    products = rng.normal(size=(6, 2)).astype(np.float32)
    items, habits = np.array([1, 4]), np.array([0.5, 2.0])
    confidence, liked = np.ones(6), np.zeros(6)
    confidence[items] += SMALL.alpha * habits
    liked[items] = 1
    left = products.T @ (confidence[:, None] * products)
    left += SMALL.regularisation * len(items) * np.eye(2)

    found = HalfStep.of(products, SMALL).solve(items, habits)

    np.testing.assert_allclose(left @ found, products.T @ (confidence * liked), rtol=1e-6)


@pytest.fixture
def fitted_lake(home):
    """Factors written on the Monday, and on the Tuesday after."""

    def write(day, made):
        rows = pd.DataFrame({"product_id": ["a", "b"], "factors": [[1.0, 0.0], [0.0, 2.0]]})
        lake.write(ITEM_FACTORS, day, rows, models={NAME: made})

    for day in (FITTED_ON, FITTED_ON + timedelta(days=1)):
        write(day, version(FITTED_ON, SMALL))
    return write


@pytest.mark.parametrize(
    ("age", "reuses"), [(0, False), (1, True), (2, True), (6, True), (7, False), (-3, False)]
)
def test_a_fit_serves_later_days_until_the_next_is_due(fitted_lake, age, reuses):
    found = fitted_before(FITTED_ON + timedelta(days=age), SMALL)

    assert (found is not None) == reuses
    if reuses:
        assert found.version == version(FITTED_ON, SMALL)
        assert found.day == FITTED_ON + timedelta(days=min(age - 1, 1))
        assert found.factors.tolist() == [[1.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize("change", [{"alpha": 1.0}, {"days_between_fits": 1}])
def test_other_settings_fit_anew(fitted_lake, change):
    changed = SMALL.model_copy(update=change)

    assert fitted_before(FITTED_ON + timedelta(days=1), changed) is None


def test_a_fit_serves_however_customers_are_compared(fitted_lake):
    changed = SMALL.model_copy(update={"likeness": "pearson", "product_weights": "bm25"})

    assert fitted_before(FITTED_ON + timedelta(days=1), changed) is not None


def test_factors_of_a_later_day_are_never_used(fitted_lake):
    friday = FITTED_ON + timedelta(days=4)
    fitted_lake(friday, version(friday, SMALL))

    assert fitted_before(FITTED_ON + timedelta(days=2), SMALL).version == version(FITTED_ON, SMALL)
