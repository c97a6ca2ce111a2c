"""A tiny landed lake, and dbt run on it as the platform runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pandas as pd
import pytest

from ml import lake
from ml.contracts import sources
from ml.settings import PROJECT

DBT = Path(sys.executable).with_name("dbt")
FIRST = date(2017, 11, 26)  # a Sunday: the week before the first whole one


def land_day(day: date, units: int = 1, price: float = 2.0) -> None:
    """Two baskets: Ann's tea and petrol, and an unknown buyer's cup."""
    lines = [("a", "ann", "tea"), ("a", "ann", "petrol"), ("b", None, "cup")]
    rows = [
        {
            "basket_id": f"{day}-{basket}",
            "customer_id": customer,
            "product_id": product,
            "store_id": "x",
            "sold_at": datetime.combine(day, time(12)),
            "sold_on": day,
            "quantity": units,
            "net_sales": units * price,
            "shelf_discount": 0.5,
            "coupon_discount": 0.0,
            "coupon_match_discount": 0.0,
        }
        for basket, customer, product in lines
    ]
    lake.write(sources.TRANSACTIONS, day, pd.DataFrame(rows))


def land_products(day: date) -> None:
    names = {"tea": "GROCERY", "cup": "DRUG GM", "petrol": "FUEL"}
    blank = dict.fromkeys(sources.PRODUCTS.column_names)
    rows = [{**blank, "product_id": name, "department": top} for name, top in names.items()]
    money = dict.fromkeys(["unit_cost", "list_price"], float)
    lake.write(sources.PRODUCTS, day, pd.DataFrame(rows).astype(money))


@pytest.fixture
def landed(home: Path) -> Path:
    """Three weeks of a shop with only the required tables."""
    for day in range(22):
        land_day(FIRST + timedelta(days=day))
    land_products(FIRST + timedelta(days=22))
    return home


@pytest.fixture
def dbt_build(home: Path) -> Callable[[date], str]:
    """Run `dbt build` for a date; returns what it printed."""

    def build(as_of: date, *more: str) -> str:
        folders = ["--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
        paths = ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
        done = subprocess.run(
            [DBT, "build", *folders, *paths, *more],
            cwd=PROJECT,
            env=os.environ | {"PROMOLOOP_AS_OF": as_of.isoformat()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return build


@pytest.fixture
def land() -> Callable[..., None]:
    return land_day
