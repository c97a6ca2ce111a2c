from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml import lake
from ml.config.assumptions import load_assumptions
from ml.contracts.outputs import STOCK
from ml.contracts.sources import INVENTORY
from ml.inventory.ledger import Ledger, make_ledger
from ml.inventory.projection import stock_path, write_stock

MONDAY, WEDNESDAY = date(2017, 12, 4), date(2017, 12, 6)


def ledger(stands_on=MONDAY, on_hand=10.0, receipts=(3.0,), level=15.0, lead=1):
    return Ledger(
        products=pd.Index(["a"]),
        stands_on=np.array([stands_on], dtype=object),
        on_hand=np.array([on_hand]),
        receipts=np.array([receipts]),
        order_up_to=np.array([level]),
        lead_time_weeks=np.array([lead]),
        is_simulated=np.array([True]),
    )


def test_stock_falls_by_demand_and_is_ordered_up_to_the_level():
    weeks = [date(2017, 12, 4), date(2017, 12, 11), date(2017, 12, 18)]

    available, receipts = stock_path(ledger(), np.full((1, 3), 4.0), weeks, 1)

    # 10 + 3 here, 2 ordered; 13 - 4 + 2 = 11, 4 ordered; 11 - 4 + 4 = 11
    assert receipts.tolist() == [[3.0, 2.0, 4.0]]
    assert available.tolist() == [[13.0, 11.0, 11.0]]


def test_the_days_before_the_first_planned_week_sell_too_and_orders_arrive_in_them():
    weeks = [date(2017, 12, 18), date(2017, 12, 25)]

    available, receipts = stock_path(ledger(), np.full((1, 2), 4.0), weeks, 1)

    # two weeks pass: 10 + 3 - 8 = 5, and nothing is due; up to 15 are ordered for week two
    assert receipts.tolist() == [[0.0, 10.0]]
    assert available.tolist() == [[5.0, 11.0]]


def test_stock_is_never_negative():
    weeks = [date(2017, 12, 4), date(2017, 12, 11)]

    available, _ = stock_path(ledger(level=0.0), np.full((1, 2), 99.0), weeks, 1)

    assert available.tolist() == [[13.0, 0.0]]


WEEKS = [date(2017, 11, 13), date(2017, 11, 20), date(2017, 11, 27)]


def simulated(units, days_out_of_stock=0):
    """The ledger of product a, which sold that in the last weeks, and of one that never sold."""
    sales = pd.DataFrame({"product_id": "a", "week_start_date": WEEKS[-len(units) :]})
    sales = sales.assign(units=units, days_out_of_stock=days_out_of_stock)
    other = pd.DataFrame({"product_id": "older", "week_start_date": WEEKS})
    sales = pd.concat([sales, other.assign(units=7, days_out_of_stock=0)])
    nothing = pd.DataFrame(columns=INVENTORY.column_names)
    return make_ledger(sales, nothing, pd.Index(["a", "new"]), MONDAY, load_assumptions().stock)


def test_a_week_in_which_a_product_ran_out_does_not_lower_what_is_kept_of_it():
    usual = simulated([2, 5])

    assert simulated([0, 2, 5], [3, 0, 0]).order_up_to.tolist() == usual.order_up_to.tolist()
    assert simulated([0, 2, 5]).order_up_to[0] < usual.order_up_to[0]


def test_of_a_product_that_ran_out_in_every_week_what_sold_is_kept():
    assert simulated([2, 5], [1, 1]).order_up_to.tolist() == simulated([2, 5]).order_up_to.tolist()


def test_what_sold_in_the_lead_time_is_on_order_in_a_simulated_ledger():
    made = simulated([2, 2, 5])

    assert made.receipts.tolist() == [[0.0, 5.0], [0.0, 0.0]]
    # two weeks of mean 3 and variance 3: Poisson of mean 6, P(D <= 10) = .9574
    assert made.order_up_to.tolist() == [10.0, 0.0]
    assert made.on_hand.tolist() == [5.0, 0.0]


@pytest.mark.parametrize(("as_of", "horizon"), [(MONDAY, 1), (WEDNESDAY, 2)])
def test_every_forecast_week_has_its_stock(shop, as_of, horizon):
    shop(as_of)

    write_stock(as_of)

    rows = lake.read(STOCK, as_of)
    assert len(rows) == 8
    assert rows["horizon"].min() == horizon
    assert rows["is_simulated"].all()
    assert lake.manifest(STOCK, as_of).models == {"demand": "1"}


def count(day, product, on_hand):
    row = {"product_id": product, "counted_on": day, "on_hand": on_hand}
    lake.write(INVENTORY, day, pd.DataFrame([row | {"on_order": 6.0, "lead_time_days": 10.0}]))


def test_the_latest_count_before_the_as_of_date_replaces_the_simulation(shop):
    shop(MONDAY)
    count(date(2017, 12, 2), "a", 50.0)
    count(date(2017, 12, 3), "a", 30.0)
    count(MONDAY, "a", 999.0)
    count(date(2017, 10, 1), "b", 999.0)

    write_stock(MONDAY)

    rows = lake.read(STOCK, MONDAY).set_index("product_id")
    counted = rows.loc["a"]
    assert not counted["is_simulated"].any()
    assert counted["available_units"].iloc[0] == pytest.approx(30.0 - 4.0 / 7)
    assert counted["receipts"].tolist() == [0.0, 0.0, 6.0, 0.0]  # due on the 13th
    assert counted["replenishment_weeks"].unique().tolist() == [3]
    assert rows.loc["b", "is_simulated"].all()


def test_a_rerun_writes_the_same_bytes(shop):
    shop(MONDAY)
    write_stock(MONDAY)
    before = lake.manifest(STOCK, MONDAY)

    write_stock(MONDAY)

    assert lake.manifest(STOCK, MONDAY) == before
