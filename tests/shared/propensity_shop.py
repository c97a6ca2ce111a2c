"""A shop of three categories: milk is bought weekly, tea now and then, wine by half of it."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import lake
from ml.contracts.marts import DIM_PRODUCTS
from ml.contracts.sources import TRANSACTIONS
from ml.propensity.histories import Histories, write_histories
from ml.propensity.hyperparameters import PropensityHyperparameters

AS_OF = date(2017, 7, 3)
DAYS = 175
CUSTOMERS = 30
CATEGORIES = {"1": "milk", "2": "tea", "3": "wine"}
SMALL = PropensityHyperparameters(
    categories=3,
    baskets=12,
    origins=4,
    width=4,
    hidden=4,
    batch=30,
    learning_rate=0.01,
    epochs=3,
    patience=2,
    shrinkage=0.001,
    reference_depth=0.3,
)


@pytest.fixture
def shop(home: Path) -> Callable[..., None]:
    return write_shop


@pytest.fixture
def small() -> PropensityHyperparameters:
    return SMALL


@pytest.fixture
def histories(shop: Callable[..., None], home: Path) -> Histories:
    shop()
    return write_histories(AS_OF, 3, 12, home / "shards")


def write_shop(after: int = 0, seed: int = 3) -> None:
    """Land `DAYS` days before `AS_OF`, and `after` more; the later ones depend on `seed`."""
    products = pd.DataFrame({"product_id": list(CATEGORIES), "category": list(CATEGORIES.values())})
    described = products.assign(
        brand="b", manufacturer_id="m", department="d", subcategory="s", package_size="1",
        unit_cost=1.0, list_price=None, is_merchandise=True, exclusion_reason=None,
        first_sold_on=None, last_sold_on=None,
    )  # fmt: skip
    lake.write(DIM_PRODUCTS, AS_OF, described)
    for day in range(-DAYS, after, 7):
        on = AS_OF + timedelta(days=day)
        lake.write(
            TRANSACTIONS, on, lines(on, np.random.default_rng([seed * (day >= 0), abs(day)]))
        )


def lines(on: date, draw: np.random.Generator) -> pd.DataFrame:
    customer = np.arange(CUSTOMERS)
    drinks_wine = draw.random(CUSTOMERS) < np.where(customer % 2, 0.7, 0.0)
    bought = {"1": np.ones(CUSTOMERS, bool), "2": draw.random(CUSTOMERS) < 0.2, "3": drinks_wine}
    off = draw.choice([0.0, 0.5])
    rows = [(c, p) for p, who in bought.items() for c in customer[who]]
    return pd.DataFrame(
        {
            "basket_id": [f"{on}-{c}" for c, _ in rows],
            "customer_id": [f"c{c:02d}" for c, _ in rows],
            "product_id": [p for _, p in rows],
            "store_id": "s",
            "sold_at": pd.Timestamp(on),
            "sold_on": on,
            "quantity": 2,
            "net_sales": [4.0 * (1 - off * (p == "2")) for _, p in rows],
            "shelf_discount": [4.0 * off * (p == "2") for _, p in rows],
            "coupon_discount": 0.0,
            "coupon_match_discount": 0.0,
        }
    )
