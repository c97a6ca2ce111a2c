"""Messages go where they add most, and to nobody too often."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.config.policy import Offers
from ml.offers.allocate import allocate_offers
from ml.offers.fatigue import recent_offers
from ml.offers.sensitivity import eagerness
from ml.offers.uplift import Bought, valued
from ml.releases import store
from ml.settings import settings

AS_OF, MONDAY = date(2017, 12, 4), date(2017, 12, 4)
NO_MEMBERS = pd.DataFrame(columns=["customer_id", "audience_id"])
NOBODY = pd.DataFrame(columns=["customer_id", "product_id", "week"])
PEOPLE = pd.Series([f"c{k}" for k in range(6)])
RULES = Offers(budget=99.0, cost_each=0.0, most_per_customer=2)


def bought(lift=0.5, **decayed):
    """Everybody has come for a year; `decayed` purchases of product A by customer."""
    pairs = pd.DataFrame(
        [(c, p, 1, 2, decayed.get(c, 0.1)) for c in PEOPLE for p in ("A", "B")],
        columns=["customer_id", "product_id", "purchases", "units", "decayed_purchases"],
    )
    pairs.loc[pairs["product_id"] == "B", "decayed_purchases"] = 0.1
    since = pd.Series(date(2016, 12, 5), index=PEOPLE)
    return Bought(AS_OF, pairs, since, pd.Series({"A": lift, "B": lift}))


def schedule(holdout=0.0, **promo):
    lines = pd.DataFrame({"product_id": ["A", "B"]}).assign(
        promotion_id=lambda f: f["product_id"] + "-1",
        regular_price=10.0,
        promo_price=8.0,
        unit_cost=5.0,
        baseline_units=10.0,
        expected_units=20.0,
        starts_at=pd.Timestamp(MONDAY),
        ends_at=pd.Timestamp("2017-12-11"),
        holdout_share=holdout,
        audience_id="all",
        audience_share=1.0,
    )
    return lines.assign(**promo)


def candidates():
    pairs = pd.MultiIndex.from_product([PEOPLE, ["A", "B"]], names=["customer_id", "product_id"])
    return pairs.to_frame(index=False).assign(rank=[1, 2] * len(PEOPLE), score=0.5)


def given(rules=RULES, recent=NOBODY, known=None, lines=None, belong=NO_MEMBERS):
    lines = schedule() if lines is None else lines
    known = bought() if known is None else known
    return allocate_offers(lines, candidates(), PEOPLE, belong, known, recent, rules)


def test_a_message_is_worth_the_purchases_it_adds_at_the_promo_price():
    asked = pd.DataFrame({"customer_id": ["c0", "c1"], "promotion_id": "A-1"})

    found = valued(asked, schedule(), bought(c0=4.0)).set_index("customer_id")

    weeks = 16 / np.log(2) * (1 - 0.5 ** (52 / 16))
    rate = (4.0 + 8 * 4.5 / (6 * weeks)) / (weeks + 8)  # c0 four, five others a tenth
    without, with_ = 1 - np.exp(-2 * rate), 1 - np.exp(-2 * rate * np.exp(0.5))
    assert found.loc["c0", "chance_without"] == pytest.approx(without)
    assert found.loc["c0", "chance_with"] == pytest.approx(with_)
    assert found.loc["c0", "incremental_margin"] == pytest.approx(2 * 3 * (with_ - without))
    assert found.loc["c0", "markdown"] == pytest.approx(2 * 2 * (with_ - without))


def test_who_buys_anyway_every_week_is_worth_less_than_who_may_be_won():
    asked = pd.DataFrame({"customer_id": ["c0", "c1"], "promotion_id": "A-1"})

    found = valued(asked, schedule(), bought(c0=60.0, c1=8.0)).set_index("customer_id")

    assert found.loc["c0", "chance_with"] > found.loc["c1", "chance_with"]
    assert found.loc["c0", "incremental_margin"] < found.loc["c1", "incremental_margin"]


def test_a_message_moves_more_who_answers_more_to_offers():
    chances = pd.DataFrame(
        [("c0", "tea", 0.1, 0.4), ("c1", "tea", 0.1, 0.15), ("c2", "tea", 0.1, 0.1)],
        columns=["customer_id", "category", "week_without", "week_with"],
    )
    products = pd.DataFrame({"product_id": ["A"], "category": ["tea"]})
    eager = eagerness(chances, products)
    asked = pd.DataFrame({"customer_id": ["c0", "c1", "c2", "c3"], "promotion_id": "A-1"})

    plain = valued(asked, schedule(), bought(lift=0.3)).set_index("customer_id")
    known = replace(bought(lift=0.3), eagerness=eager)
    found = valued(asked, schedule(), known).set_index("customer_id")

    lifts = np.log([np.log(0.6) / np.log(0.9), np.log(0.85) / np.log(0.9), 1.0])
    rates = np.log1p(-found["chance_with"]) / np.log1p(-found["chance_without"])
    np.testing.assert_allclose(np.log(rates)[:3], 0.3 * lifts / lifts.mean(), atol=1e-9)
    assert found.loc["c3"].equals(plain.loc["c3"])  # not known to the model: as without it
    assert (found["chance_without"] == plain["chance_without"]).all()


def test_what_a_promotion_raises_is_raised_for_its_audience_alone():
    asked = pd.DataFrame({"customer_id": ["c0"], "promotion_id": "A-1"})
    everybody = valued(asked, schedule(), bought())
    half = valued(asked, schedule(audience_share=0.5), bought())

    rates = [-np.log1p(-found["chance_without"].iloc[0]) for found in (everybody, half)]
    assert rates[1] / rates[0] == pytest.approx(3 / 2)  # from 10 to 20 units, by 5 of the 10


def test_who_is_not_in_an_audience_hears_of_a_later_promotion_for_all_instead():
    later = schedule().assign(promotion_id=["A-2", "B-2"], starts_at=pd.Timestamp("2017-12-18"))
    lines = pd.concat([schedule(audience_id="segment-1"), later[:1]])
    belong = pd.DataFrame({"customer_id": ["c0", "c1"], "audience_id": ["segment-1", "segment-0"]})

    offers, _ = given(lines=lines, belong=belong)

    promotions = {c: sorted(rows["promotion_id"]) for c, rows in offers.groupby("customer_id")}
    assert promotions == {"c0": ["A-1", "B-1"]} | {f"c{k}": ["A-2"] for k in range(1, 6)}
    assert set(offers.loc[offers["customer_id"] == "c0", "audience_id"]) == {"segment-1"}


def test_a_message_that_moves_nobody_is_not_sent():
    offers, people = given(
        known=bought(lift=0.0), rules=RULES.model_copy(update={"cost_each": 0.01})
    )

    assert offers.empty
    assert people["offers"].tolist() == [0] * 6


def test_a_tight_budget_goes_to_those_whom_it_moves_most():
    costly = RULES.model_copy(update={"cost_each": 0.01})
    everybody, _ = given(known=bought(c3=9.0), rules=costly)
    tight = costly.model_copy(update={"budget": 0.6 * everybody["cost"].sum()})

    offers, people = given(known=bought(c3=9.0), rules=tight)

    assert everybody.groupby("customer_id").size().eq(2).all()
    assert 0 < offers["cost"].sum() <= tight.budget
    assert len(offers) < len(everybody)
    assert ("c3", "A") in set(zip(offers["customer_id"], offers["product_id"], strict=True))
    assert people.set_index("customer_id")["offers"].sum() == len(offers)


def test_offers_are_ranked_by_what_they_add():
    offers, _ = given(known=bought(c3=9.0, c4=9.0))

    ranked = offers.sort_values(["customer_id", "offer_rank"])
    falls = ranked.groupby("customer_id")["incremental_margin"].diff().dropna()
    assert (falls <= 0).all()
    assert ranked[ranked["customer_id"] == "c3"]["product_id"].tolist() == ["A", "B"]


def test_the_holdout_is_drawn_before_and_its_propensity_logged():
    offers, people = given(lines=schedule(holdout=0.5))

    out = set(people.loc[people["is_held_out"], "customer_id"])
    assert 0 < len(out) < 6
    assert not out & set(offers["customer_id"])
    assert set(offers["propensity"]) == {0.5}


def test_a_product_offered_last_week_rests():
    recent = pd.DataFrame(
        [("c0", "A", date(2017, 11, 27)), ("c1", "A", date(2017, 11, 20))], columns=NOBODY.columns
    )

    one, _ = given(recent=recent)
    two, _ = given(recent=recent, rules=RULES.model_copy(update={"product_rest_weeks": 2}))

    pairs = [set(zip(o["customer_id"], o["product_id"], strict=True)) for o in (one, two)]
    assert ("c0", "A") not in pairs[0] | pairs[1]
    assert ("c1", "A") in pairs[0] - pairs[1]


def test_who_got_many_offers_lately_gets_fewer_now():
    recent = pd.DataFrame(
        [("c0", f"old{k}", date(2017, 11, 13)) for k in range(3)]
        + [("c1", f"old{k}", date(2017, 11, 13)) for k in range(4)],
        columns=NOBODY.columns,
    )

    offers, _ = given(recent=recent, rules=RULES.model_copy(update={"most_in_window": 4}))

    counted = offers["customer_id"].value_counts()
    assert (counted.get("c0", 0), counted.get("c1", 0), counted["c2"]) == (1, 0, 2)


def test_a_weeks_offers_are_those_of_the_version_that_was_planned_last_before_it(home):
    def shelve(version, week, *customers):
        folder = store.folder(version)
        (folder / "offers").mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({}))
        line = {"promotion_id": ["A-1", "B-1"], "starts_at": pd.to_datetime([week, "2018-01-01"])}
        pd.DataFrame(line).to_parquet(folder / "schedule.parquet")
        offers = [(c, p, f"{p}-1") for c in customers for p in ("A", "B")]
        frame = pd.DataFrame(offers, columns=["customer_id", "product_id", "promotion_id"])
        frame.to_parquet(folder / "offers" / "offers.parquet")

    settings().published.mkdir(parents=True)
    shelve("2017-11-24-a", "2017-11-27", "c0")
    shelve("2017-11-27-b", "2017-11-27", "c1")
    shelve("2017-11-28-c", "2017-11-27", "c2")  # planned after that week had begun

    found = recent_offers(AS_OF, 4)

    assert found.to_numpy().tolist() == [["c1", "A", date(2017, 11, 27)]]
    assert recent_offers(date(2017, 11, 28), 4).empty
