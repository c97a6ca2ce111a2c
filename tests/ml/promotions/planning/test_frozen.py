"""Weeks that were announced stay as they were, as far as they can be kept."""

import json
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from plain_items import plain_items

from ml.promotions.economics.options import Options
from ml.promotions.mechanics.deal import price_cut
from ml.promotions.planning.frozen import freeze, option_of, rest
from ml.releases.history import live_before
from ml.releases.schedule import announced, promoted_before, with_weeks
from ml.settings import settings
from ml.solver.problem import FREE, NOTHING, PlanProblem

WEEKS = np.array([date(2017, 12, 4), date(2017, 12, 11), date(2017, 12, 18)], object)
REGULAR = np.array([4.0, 10.0])


@pytest.fixture
def options():
    """Two prices, and a buy-get that has no price of its own; each with and without display."""
    cheap, dear = (price_cut("percent_off", REGULAR, REGULAR * share) for share in (0.7, 0.9))
    terms = {"buy_qty": 2, "get_qty": 1, "get_depth": 1.0}
    threes = price_cut("buy_get", REGULAR, REGULAR * 2 / 3, terms=terms)
    return Options(
        deals=(cheap, dear, threes),
        deal=np.array([0, 1, 2, 0, 1, 2]),
        support=np.array(["none"] * 3 + ["display"] * 3),
        support_cost=np.zeros(6),
        regular_price=REGULAR,
    )


def line(product="1", week="2017-12-04", mechanic="percent_off", price=2.8, **terms):
    none = dict.fromkeys(("buy_qty", "get_qty", "get_depth"))
    row = {
        "promotion_id": f"{product}-{week}",
        "product_id": product,
        "starts_at": pd.Timestamp(week),
        "mechanic": mechanic,
        "audience_id": "all",
        "support": "none",
        "promo_price": price,
    }
    return row | none | terms


def economics(allowed):
    return SimpleNamespace(limits=SimpleNamespace(allowed=np.full((2, 3, 6), allowed)))


def frozen(options, *lines, weeks=2, allowed=True):
    items = plain_items(["1", "2"], WEEKS, np.ones((2, 3)), np.ones((2, 3)))
    live = with_weeks(pd.DataFrame(list(lines), columns=list(line())))
    return freeze(live, weeks, items, options, economics(allowed))


@pytest.mark.parametrize(
    ("row", "option"),
    [
        (line(audience_id="segment-1"), None),
        (line(price=2.8), 0),
        (line(price=3.6, support="display"), 4),
        (line(price=2.81), None),
        (line(mechanic="flash"), None),
        (line(mechanic="buy_get", price=9.9, buy_qty=2.0, get_qty=1.0, get_depth=1.0), 2),
        (line(mechanic="buy_get", buy_qty=3.0, get_qty=1.0, get_depth=1.0), None),
    ],
)
def test_a_promotion_is_the_option_with_the_same_terms_or_price(options, row, option):
    assert option_of(row, 0, options) == option


def test_frozen_weeks_keep_what_was_announced_and_take_nothing_more(options):
    found = frozen(options, line(), line("2", "2017-12-16", price=9.0), weeks=2)

    assert found.pinned.tolist() == [[0, NOTHING, FREE], [NOTHING, 1, FREE]]
    assert found.withdrawn == []


def test_weeks_that_were_not_announced_yet_are_free(options):
    assert (frozen(options, line(), weeks=3).pinned[:, 1:] == FREE).all()
    assert frozen(options, weeks=3).pinned is None
    assert frozen(options, line(), weeks=0).pinned is None


def test_what_cannot_be_kept_is_withdrawn_and_reported(options):
    gone = frozen(options, line("9"), line("1", price=1.0), line("2", price=7.0))
    short = frozen(options, line("1"), allowed=False)

    assert [each["reason"] for each in gone.withdrawn] == [
        "not planned any more",
        "its terms are not offered any more",
    ]
    assert short.withdrawn[0]["promotion_id"] == "1-2017-12-04"
    assert "stock" in short.withdrawn[0]["reason"]
    assert (short.pinned[:, 0] == NOTHING).all()


def test_the_schedule_before_a_day_is_the_last_made_live_that_was_planned_before_it(home):
    published = settings().published
    steps = ["2017-12-04-a", "2017-12-05-b", "2017-12-06-c", "2017-12-04-a", "2017-12-07-d"]
    for version in steps:
        (published / version).mkdir(parents=True, exist_ok=True)
        (published / version / "manifest.json").write_text("{}")
    records = [{"action": "publish", "plan_version": version} for version in steps]
    records += [{"action": "proposed", "plan_version": "2017-12-05-b"}]
    (published / "history.jsonl").write_text(
        "".join(json.dumps(record) + "\n" for record in records)
    )

    assert live_before(date(2017, 12, 7))[0] == "2017-12-04-a"  # put back after the 6th's
    assert live_before(date(2017, 12, 8))[0] == "2017-12-07-d"
    assert live_before(date(2017, 12, 4)) == []


def published(version, *lines):
    folder = settings().published / version
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    pd.DataFrame(list(lines), columns=list(line())).to_parquet(folder / "schedule.parquet")
    with (settings().published / "history.jsonl").open("a") as history:
        history.write(json.dumps({"action": "publish", "plan_version": version}) + "\n")


def test_what_was_on_promotion_is_what_the_schedule_live_last_had_in_each_week(home):
    published("2017-11-20-a", line("1", "2017-11-20"), line("1", "2017-11-27"))
    published("2017-11-27-b", line("2", "2017-11-27"), line("1", "2017-12-04"))

    found = promoted_before(date(2017, 12, 4), date(2017, 12, 4))

    assert sorted(map(tuple, found.to_numpy())) == [
        ("1", date(2017, 11, 20)),
        ("2", date(2017, 11, 27)),
    ]
    assert promoted_before(date(2017, 11, 20), date(2017, 11, 20)).empty


@pytest.mark.parametrize(("gap", "free"), [(0, [0, 1, 2]), (1, [0, 1, 2]), (2, [1, 2]), (4, [])])
def test_a_product_rests_after_a_promotion_of_the_weeks_before(gap, free):
    grid = np.ones((2, 3))
    items = plain_items(["1", "2"], WEEKS, grid, grid, gap=np.full(2, gap))
    before = with_weeks(pd.DataFrame([line("1", "2017-11-20"), line("1", "2017-11-13")]))

    kept = rest(problem(gap), items, before).allowed
    pinned = np.full((2, 3), FREE)
    pinned[0, 0] = 1
    with_pins = rest(problem(gap, pinned=pinned), items, before).allowed

    assert np.flatnonzero(kept[0].any(axis=1)).tolist() == free
    assert kept[1].all()
    assert with_pins[0, 0].all()


def problem(gap, **changes):
    grid = np.ones((2, 3, 2))
    return PlanProblem(
        value=grid,
        cost=grid,
        allowed=grid > 0,
        category=np.zeros(2, int),
        slots=np.full((1, 3), 9.0),
        gap=np.full(2, gap),
        max_promotions=2,
        budget=9.0,
        **changes,
    )


def test_before_the_first_publication_nothing_is_announced(home):
    assert announced(date(2017, 12, 4)).empty
