from datetime import date

import pytest

from ml.contracts.marts import MARTS
from ml.contracts.outputs import OUTPUTS
from ml.contracts.sources import SOURCES, TRANSACTIONS
from ml.contracts.suites import landing_rules, landing_suite, table_suite


def test_every_limit_of_the_transactions_contract_is_a_rule():
    names = [
        f"{r.column}: {r.name}" for r in landing_rules(TRANSACTIONS, [], None, date(2026, 1, 2))
    ]

    assert names == [
        "product_id: not in products",
        "basket_id: null",
        "product_id: null",
        "store_id: null",
        "sold_at: null",
        "sold_on: null",
        "quantity: null",
        "quantity: not above 0",
        "net_sales: null",
        "net_sales: not above 0",
        "shelf_discount: null",
        "shelf_discount: below 0",
        "coupon_discount: null",
        "coupon_discount: below 0",
        "coupon_match_discount: null",
        "coupon_match_discount: below 0",
        "basket_id, product_id: duplicate key",
        "sold_on: not before the as-of date 2026-01-02",
        "net_sales: impossible price: above 10000 an item",
    ]


@pytest.mark.parametrize("table", [*SOURCES, *MARTS, *OUTPUTS], ids=lambda table: table.name)
def test_great_expectations_knows_every_rule_of_every_contract(table):
    suite = (
        landing_suite(table, table.column_names, None, date(2026, 1, 2))
        if table.layer == "landing"
        else table_suite(table)
    )

    assert len(suite.expectations) >= len([c for c in table.columns if not c.nullable])
