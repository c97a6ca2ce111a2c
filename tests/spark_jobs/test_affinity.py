from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import sparse
from small_purchases import SMALL, ByHabit

from ml import lake
from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Similarity
from ml.affinity.store import Serving
from ml.contracts import marts, outputs
from ml.contracts.sources import TRANSACTIONS
from spark_jobs import affinity

AS_OF = date(2017, 12, 6)  # a Wednesday
FOUR_WEEKS = timedelta(weeks=4)
MONDAY = date(2017, 12, 4)
OUTPUTS = (outputs.ITEM_FACTORS, outputs.CUSTOMER_FACTORS, outputs.CANDIDATES)
PEARSON = Similarity("pearson", "tfidf", "bm25")
BASKETS = {"ann": "abc", "bob": "abd", "cat": "bcdf", "dan": "adf"}  # f is fuel


def blank(table, **values):
    """A frame of the table's columns, filled by kind where no value is given."""
    fill = {
        "string": "",
        "int64": 1,
        "double": 0.5,
        "money": Decimal("1.00"),
        "date": MONDAY,
        "bool": True,
    }
    fill["timestamp"] = pd.Timestamp("2017-01-01")
    frame = pd.DataFrame(values)
    missing = {c.name: fill[c.kind] for c in table.columns if c.name not in values}
    return frame.assign(**missing)


def write_marts(as_of, decayed=1.0, events=None):
    pairs = [(c, p) for c, products in BASKETS.items() for p in products if p != "f"]
    customers, products = zip(*pairs, strict=True)
    bought = blank(
        marts.FCT_CUSTOMER_PRODUCTS,
        customer_id=customers,
        product_id=products,
        decayed_purchases=decayed,
    )
    consents = blank(
        marts.DIM_CUSTOMERS, customer_id=list(BASKETS), may_be_targeted=[True, False, True, True]
    )
    interest = blank(marts.FCT_CUSTOMER_EVENTS, **(events or {"customer_id": [], "product_id": []}))
    lake.write(marts.FCT_CUSTOMER_PRODUCTS, as_of, bought)
    lake.write(marts.FCT_CUSTOMER_EVENTS, as_of, interest)
    lake.write(marts.DIM_CUSTOMERS, as_of, consents)
    sold = blank(marts.DIM_PRODUCTS, product_id=list("abcdf"), is_merchandise=[True] * 4 + [False])
    lake.write(marts.DIM_PRODUCTS, as_of, sold)


def land(day, baskets):
    rows = [(f"{day}{c}", c, p) for c, products in baskets.items() for p in products]
    basket, customer, product = zip(*rows, strict=True)
    lines = blank(TRANSACTIONS, basket_id=basket, customer_id=customer, product_id=product)
    lake.write(TRANSACTIONS, day, lines.assign(sold_on=day))


def hashes(*tables):
    return [lake.manifest(table, AS_OF).content_hash for table in tables]


@pytest.fixture(scope="module")
def written(spark, shared_home):
    write_marts(AS_OF)
    affinity.write_affinity(spark, AS_OF, SMALL)


def test_a_rerun_writes_the_same_bytes(spark, written):
    before = hashes(*OUTPUTS)

    affinity.write_affinity(spark, AS_OF, SMALL)

    assert hashes(*OUTPUTS) == before


def test_a_later_days_marts_change_nothing(spark, written):
    before = hashes(*OUTPUTS)

    write_marts(AS_OF + timedelta(days=1), decayed=99.0)
    affinity.write_affinity(spark, AS_OF, SMALL)

    assert hashes(*OUTPUTS) == before


def test_what_was_done_on_the_site_counts_beside_what_was_bought(spark, home):
    events = {"customer_id": ["ann", "dan"], "product_id": ["a", "c"]}
    write_marts(AS_OF, events=events | {"decayed_interest": [0.25, 50.0]})

    rows = affinity.interests(spark, AS_OF).collect()

    seen = {(row["customer_id"], row["product_id"]): row["decayed_purchases"] for row in rows}
    assert len(rows) == len(seen) == 12
    assert (seen["ann", "a"], seen["ann", "b"], seen["dan", "c"]) == (1.25, 1.0, 50.0)
    affinity.write_affinity(spark, AS_OF, SMALL)
    ranks = lake.read(outputs.CANDIDATES, AS_OF).set_index(["customer_id", "product_id"])["rank"]
    assert ranks["dan", "c"] == 1
    assert marts.FCT_CUSTOMER_EVENTS.name in lake.manifest(outputs.CANDIDATES, AS_OF).inputs


def test_customers_who_refused_consent_have_no_candidates(written):
    found = lake.read(outputs.CANDIDATES, AS_OF)

    assert set(found["customer_id"]) == {"ann", "cat", "dan"}
    assert set(lake.read(outputs.CUSTOMER_FACTORS, AS_OF)["customer_id"]) == set(BASKETS)


def test_files_carry_the_contracts_exact_schema(written):
    for table in OUTPUTS:
        for path in lake.files(table, AS_OF):
            assert pq.read_schema(path).equals(table.schema)


def test_the_champion_ranks_the_candidates_and_the_manifest_names_it(spark, home, monkeypatch):
    write_marts(AS_OF)
    land(MONDAY - timedelta(days=60), BASKETS)
    land(MONDAY - timedelta(days=1), {"ann": "b", "bob": "abd"})
    land(AS_OF, {"ann": "d", "cat": "abcd"})
    people = [*BASKETS, "eve"]  # who bought nothing that is ranked
    customers = blank(marts.DIM_CUSTOMERS, customer_id=people)
    customers["may_be_targeted"] = customers["customer_id"] != "bob"
    lake.write(marts.DIM_CUSTOMERS, AS_OF, customers)
    nothing = ItemItem(sparse.csr_array((2, 2)))
    trained = Serving(ByHabit(), ByHabit(), ["a", "z"], nothing, PEARSON, variety=0.2)
    served, ranked, snapshot = [], affinity.propensities, affinity.take_snapshot
    monkeypatch.setattr(
        affinity, "take_snapshot", lambda *which: served.append(which[3]) or snapshot(*which)
    )
    monkeypatch.setattr(
        affinity, "propensities", lambda *which: served.append(which[-1]) or ranked(*which[:-1])
    )

    affinity.write_affinity(spark, AS_OF, SMALL, ("3", trained))

    assert SMALL.comparison != PEARSON
    assert served == [PEARSON, 0.2]  # the version's; without variety the ranks are
    found = lake.read(outputs.CANDIDATES, AS_OF)
    assert lake.manifest(outputs.CANDIDATES, AS_OF).models["ranker"] == "3"
    assert set(found["customer_id"]) == {"ann", "cat", "dan", "eve"}
    ann = found[found["customer_id"] == "ann"].set_index("product_id")
    assert ann["rank"].to_dict() == {"b": 1, "a": 2, "c": 3, "d": 4}
    assert ann["new_rank"].dropna().to_dict() == {"d": 1}
    assert_popular(found[found["customer_id"] == "eve"])


def assert_popular(rows):
    """Rows of one customer show what most of the four bought in the four weeks before."""
    mart = lake.read(marts.FCT_CUSTOMER_PRODUCTS, AS_OF)
    recent = mart[pd.to_datetime(mart["last_bought_on"]) >= pd.Timestamp(AS_OF - FOUR_WEEKS)]
    buyers = recent.groupby("product_id")["customer_id"].nunique()
    shown = rows.sort_values("rank")
    assert shown["product_id"].tolist() == sorted(buyers.index, key=lambda p: (-buyers[p], p))
    assert shown["score"].tolist() == (buyers[shown["product_id"]] / 4).tolist()
    assert shown["habit"].isna().all()


def test_before_there_is_a_champion_too_a_new_customer_is_shown_what_most_buy(spark, home):
    write_marts(AS_OF)
    people = blank(marts.DIM_CUSTOMERS, customer_id=[*BASKETS, "eve"])
    lake.write(marts.DIM_CUSTOMERS, AS_OF, people.assign(may_be_targeted=True))

    affinity.write_affinity(spark, AS_OF, SMALL)

    found = lake.read(outputs.CANDIDATES, AS_OF)
    assert set(found["customer_id"]) == {*BASKETS, "eve"}
    assert_popular(found[found["customer_id"] == "eve"])


@pytest.fixture(scope="module")
def judged(spark, shared_home):
    """The quality of a landed history, and the dates whose evaluation was tracked."""
    tracked = []
    write_marts(AS_OF)
    land(MONDAY - timedelta(days=60), BASKETS)
    land(MONDAY - timedelta(days=1), {"ann": "abd", "bob": "c"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(affinity, "track", lambda as_of, *_: tracked.append(as_of))
        affinity.write_quality(spark, AS_OF, SMALL, "auto")
        yield tracked


def test_the_own_history_finds_what_is_bought_again(judged):
    found = lake.read(outputs.AFFINITY_QUALITY, AS_OF)
    values = found.set_index(["ranking", "scope", "metric"])["value"]

    assert values["own_history", "all", "recall_at_10"] == 1.0  # 4 products, 10 places
    assert set(found["evaluated_on"]) == {MONDAY}
    assert AS_OF in judged


def test_sales_on_or_after_the_monday_change_no_figure(spark, judged):
    before = hashes(outputs.AFFINITY_QUALITY)

    land(MONDAY, {"ann": "d", "dan": "c"})
    land(AS_OF + timedelta(days=3), {"bob": "d"})
    affinity.write_quality(spark, AS_OF, SMALL, "auto")

    assert hashes(outputs.AFFINITY_QUALITY) == before


def test_the_ranking_is_judged_once_a_week(spark, judged):
    tomorrow = AS_OF + timedelta(days=1)

    affinity.write_quality(spark, tomorrow, SMALL, "auto")

    found = [lake.read(outputs.AFFINITY_QUALITY, day) for day in (AS_OF, tomorrow)]
    assert tomorrow not in judged
    assert found[0].equals(found[1])


def test_a_history_too_short_to_judge_gives_no_figures(spark, home, caplog):
    write_marts(AS_OF)
    land(MONDAY - timedelta(days=1), BASKETS)

    affinity.write_quality(spark, AS_OF, SMALL, "auto")

    assert lake.read(outputs.AFFINITY_QUALITY, AS_OF).empty
    assert "no product was bought by" in caplog.text


def test_the_next_day_folds_new_purchases_into_the_fit_and_says_so(spark, home):
    tomorrow, earlier = AS_OF + timedelta(days=1), AS_OF - timedelta(days=1)
    for day in (earlier, AS_OF, tomorrow):
        write_marts(day, decayed=1.0 + day.day)
    affinity.write_affinity(spark, AS_OF, SMALL)
    affinity.write_affinity(spark, tomorrow, SMALL)
    first = [lake.manifest(table, tomorrow).content_hash for table in OUTPUTS]

    affinity.write_affinity(spark, earlier, SMALL)  # fits: nothing earlier is there
    affinity.write_affinity(spark, tomorrow, SMALL)

    made = [lake.manifest(table, tomorrow) for table in OUTPUTS]
    assert [manifest.content_hash for manifest in made] == first
    fit = lake.manifest(outputs.ITEM_FACTORS, AS_OF)
    assert {manifest.models["als"] for manifest in made} == {fit.models["als"]}
    assert fit.models["als"] != lake.manifest(outputs.ITEM_FACTORS, earlier).models["als"]
    for manifest in made:
        assert manifest.inputs["item_factors"] == fit.content_hash
    items = [lake.read(outputs.ITEM_FACTORS, day)["factors"].tolist() for day in (AS_OF, tomorrow)]
    np.testing.assert_array_equal(*items)
