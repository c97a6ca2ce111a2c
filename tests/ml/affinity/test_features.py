import numpy as np
import pytest
from scipy import sparse

from ml.affinity import features
from ml.affinity.catalog import Catalog
from ml.affinity.features import OWN, Purchases, candidates
from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Neighbourhood

BOUGHT = [(0, 0), (0, 2), (1, 2)]  # customer, product
CATALOG = Catalog(
    ids=["a", "b", "c", "d"],
    features={
        "popularity_28": np.array([0, 0, 0, 1], np.float32),
        "product_gap": np.array([10, 10, 20, 30], np.float32),
    },
    groups={"category": np.array([0, 0, 1, 1])},
    private_label=np.array([True, False, False, False]),
    factors=np.array([[1], [3], [2], [0]], np.float32),
    item_item=ItemItem(
        sparse.csr_array(np.array([[0, 2, 0, 0], [0] * 4, [0, 0, 0, 5], [0] * 4], np.float32))
    ),
    item_cosine=ItemItem(sparse.csr_array(np.eye(4, dtype=np.float32)[::-1])),
    neighbourhood=Neighbourhood.of(
        np.array(["x", "y"]), sparse.csr_array([[1.0, 0, 1, 0], [0, 0, 0, 2]])
    ),
    content=sparse.csr_array([[1.0, 0], [0.6, 0.8], [0, 1.0], [1.0, 0]]),
)


@pytest.fixture
def found(monkeypatch):
    monkeypatch.setattr(features, "PER_SOURCE", 1)
    own = dict.fromkeys(OWN, np.array([1, 2, 3], np.float32)) | {
        "days": np.array([3, 1, 1], np.float32),
        "last_age": np.array([8, 5, 5], np.float32),
        "first_age": np.array([28, 5, 5], np.float32),
    }
    customer, product = map(np.array, zip(*BOUGHT, strict=True))
    bought = Purchases(np.array(["ann", "bob"]), customer, product, np.array([3, 1, 1]), own)
    return candidates(bought, np.array([[1], [-1]], np.float32), CATALOG)


def signal(found, name, customer, product):
    row = np.flatnonzero((found.customer == customer) & (found.product == product))
    return found.signals[name][row[0]]


def test_candidates_are_what_was_bought_and_what_each_source_puts_first(found):
    pairs = list(zip(found.customer.tolist(), found.product.tolist(), strict=True))

    # ALS likes b for the first, d for the second (the least disliked); c speaks for d; d sells;
    # x, who bought c as the second did, bought a.
    assert pairs == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 2), (1, 3)]
    assert found.is_new.tolist() == [False, True, False, True, True, False, True]


def test_what_was_never_bought_has_no_habit_and_no_known_age(found):
    assert signal(found, "days", 0, 1) == 0
    assert np.isnan(signal(found, "last_age", 0, 1))
    assert np.isnan(signal(found, "due", 0, 1))


def test_a_purchase_is_due_when_its_usual_gap_has_passed(found):
    assert signal(found, "gap", 0, 0) == 10  # three days of purchase over twenty days
    assert signal(found, "due", 0, 0) == pytest.approx(0.8)
    assert np.isnan(signal(found, "gap", 0, 2))  # bought once: only others' gap is known
    assert signal(found, "due_for_others", 0, 2) == pytest.approx(0.25)


def test_item_item_adds_up_what_log_purchases_say(found):
    assert signal(found, "item_item", 0, 1) == pytest.approx(2 * np.log1p(3))
    assert signal(found, "item_item", 0, 3) == pytest.approx(5 * np.log1p(1))


def test_content_says_how_like_what_was_bought_a_product_is(found):
    lines = np.log1p([3, 1])
    expected = (1.0 * lines[0] + 0.0 * lines[1]) / lines.sum()
    assert signal(found, "content", 0, 3) == pytest.approx(expected)
    assert signal(found, "content", 1, 3) == 0


def test_habits_of_a_category_and_a_customer_come_from_their_own_purchases(found):
    assert signal(found, "habit_category", 0, 1) == 1  # a's decayed lines
    assert signal(found, "habit_category", 1, 3) == 3
    assert signal(found, "buys_private_label", 0, 2) == pytest.approx(0.75)
    assert signal(found, "repeats", 0, 3) == pytest.approx(0.5)
