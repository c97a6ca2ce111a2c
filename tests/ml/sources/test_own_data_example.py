"""docs/your-own-data.md's example, taken through landing and its gate."""

from datetime import date

import pytest

from ml import lake
from ml.contracts.sources import PRODUCTS, TRANSACTIONS
from ml.gates.landing import gate_landing
from ml.settings import PROJECT, settings
from ml.sources.check import check_source
from ml.sources.landing import land

EXAMPLE = PROJECT / "docs" / "examples" / "own_data"


@pytest.fixture
def landed(home, monkeypatch):
    monkeypatch.setenv("PROMOLOOP_SOURCE_PATH", str(EXAMPLE))
    settings.cache_clear()
    for day in (date(2026, 1, 26), date(2026, 2, 9)):
        land(day, "files")
        gate_landing(day)


@pytest.mark.usefixtures("landed")
def test_the_example_lands_in_two_runs_with_its_sundays_and_its_promotion():
    assert sum(lake.manifest(TRANSACTIONS, d).rows for d in lake.partitions(TRANSACTIONS)) == 144
    assert lake.manifest(TRANSACTIONS, date(2026, 1, 25)).rows == 0
    promoted = lake.read(TRANSACTIONS, date(2026, 1, 26)).iloc[1]
    assert (promoted["net_sales"], promoted["shelf_discount"]) == (6.68, 2.22)
    costs = lake.read(PRODUCTS, date(2026, 1, 26))["unit_cost"]
    assert costs.isna().tolist() == [False, False, False, True]


def test_check_source_says_what_the_example_has_lacks_and_turns_off(home):
    text = check_source("files", EXAMPLE).render()

    assert "mapped   transactions: 144 rows" in text
    assert "missing  products: brand, manufacturer_id, package_size, list_price" in text
    assert "off      inventory is not mapped" in text
    assert "27 rows (18.75%) have no customer" in text


def test_check_source_reports_a_folder_that_is_not_there_as_a_problem(tmp_path):
    report = check_source("files", tmp_path / "nothing")

    assert report.problems
    assert "is not there" in report.render()
