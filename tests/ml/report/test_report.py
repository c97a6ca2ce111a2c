import json
import re
from dataclasses import replace
from datetime import date
from math import log

import pytest
from pandas import DataFrame, Timestamp
from planned_day import REASONS

from ml import lake
from ml.contracts.outputs import (
    DIM_AUDIENCES,
    DRIFT,
    EFFECTS,
    EXPLANATIONS,
    LEVEL_FORECASTS,
    PLAN,
)
from ml.contracts.reasons import Reasons
from ml.errors import ContractError
from ml.publishing.approval import propose
from ml.publishing.publish import publish
from ml.report import render
from ml.report.calendar import shade
from ml.report.facts import read_facts
from ml.report.numbers import count, money, period
from ml.report.plan_table import reasons
from ml.report.shared_tables import read_shared_tables
from ml.report.svg import ticks
from ml.report.wording import terms
from ml.settings import settings

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)


def render_report(as_of: date) -> str:
    return render(read_facts(as_of, read_shared_tables(as_of, lake.read(PLAN, as_of))))


def words(page: str) -> str:
    """The page as it is read: without its styles, scripts and tags."""
    body = re.sub(r"<(style|script)>.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_the_report_shows_every_promotion_with_its_reasons(plan_day):
    plan_day()

    page = render_report(FIRST)

    assert page.count('id="100-20171204-percent_off"') == 1
    assert page.count('id="200-20171204-percent_off"') == 1
    assert words(page).count("price elasticity \u22121.50 ± 0.25") == 2
    factors = ["1.40 offer", "1.22 display", "1.19 mailer", "0.98 stock"]
    assert words(page).count(" \N{MULTIPLICATION SIGN} ".join(factors)) == 2
    assert words(page).count("budget, one more is worth $0.40") == 2
    assert words(page).count("10% off, margin $2.00 for $3.00") == 2


def test_the_headline_sums_the_plan(plan_day):
    plan_day()

    text = words(render_report(FIRST))

    assert "Promotions 2 2 products in 2 categories" in text
    assert "Cost $40 80.0% of the budget of $50" in text
    assert "Expected incremental margin $10 after its cost; 9 times in 10 above $6" in text
    assert "Margin per $1 spent $0.25 no better plan exists inside the limits" in text


def test_the_report_says_what_promotions_move_elsewhere(plan_day):
    plan_day()
    assert "What an extra unit moves" not in words(render_report(FIRST))
    rows = [
        (effect, category, "CUPS", share, category == "TEA")
        for category, share in (("TEA", 0.2), ("all", 0.1))
        for effect in ("dip", "cannibalisation", "halo")
    ]
    columns = ["effect", "category", "onto", "share", "is_identified"]
    named = DataFrame(rows, columns=columns).assign(share_sd=0.1, share_p05=-0.01, share_p95=0.4)
    lake.write(EFFECTS, FIRST, named.assign(estimate=None, estimate_se=None))

    text = words(render_report(FIRST))

    assert "Tea 20% (\N{MINUS SIGN}1% to 40%) 20%" in text
    assert "20% (\N{MINUS SIGN}1% to 40%), cups" in text
    assert "All 10% (\N{MINUS SIGN}1% to 40%), from other categories" in text


def test_other_plans_stand_beside_the_plan(plan_day):
    plan_day()

    page = render_report(FIRST)

    assert "another plan: $30 revenue, $8 margin, $20 cost, 1 promotions" in page
    assert "this plan: $25 revenue, $10 margin, $40 cost, 2 promotions" in page


def test_a_product_card_shows_what_moves_the_forecast(plan_day):
    plan_day()
    assert "usually" not in words(render_report(FIRST))
    week = {"product_id": "100", "week_start_date": FIRST, "model_version": "3"}
    parts = {"level": log(5.0), "recent_sales": log(0.8), "calendar": 0.001}
    lake.write(
        EXPLANATIONS,
        FIRST,
        DataFrame([week | {"part": p, "log_units": v} for p, v in parts.items()]),
    )

    text = words(render_report(FIRST))

    offer = ["1.40 this discount", "1.22 this display", "1.19 this mailer", "0.98 the stock"]
    story = ["usually 5.0 units", "0.80 recent sales", *offer]
    assert " \N{MULTIPLICATION SIGN} ".join(story) + " = 8.0 expected" in text
    assert text.count("usually") == 1


def test_the_outlook_adds_the_plan_to_the_summed_forecasts(plan_day):
    plan_day()
    assert "Units a week of the forecast products" not in words(render_report(FIRST))
    write_level_forecasts()

    page = render_report(FIRST)

    assert "The shop 2 products" in words(page)
    assert "Tea 1 product " in words(page)
    assert page.count("16.0 units expected, 16 to 16") == 1
    assert page.count("8.0 units expected, 8 to 8") == 2


def write_level_forecasts():
    sums = [("total", "total", 2, 8.0), ("category", "TEA", 1, 4.0), ("category", "CUPS", 1, 4.0)]
    rows = DataFrame(sums, columns=["level", "name", "products", "mean_units"])
    quantiles = {f"p{10 * q}": rows["mean_units"] * 0.2 * q for q in range(1, 10)}
    rows = rows.assign(week_start_date=FIRST, model_version="3", **quantiles)
    lake.write(LEVEL_FORECASTS, FIRST, rows)


def test_the_report_says_whether_the_model_still_fits(plan_day):
    plan_day()
    assert "still fit" not in words(render_report(FIRST))
    rows = [
        ("bias", "forecasts", 0.21, -0.15, 0.15, True),
        ("cov80", "forecasts", None, 0.65, 0.95, False),
        ("psi.depth", "inputs", 0.031, None, 0.2, False),
    ]
    columns = ["measure", "kind", "value", "minimum", "maximum", "drifted"]
    made = DataFrame(rows, columns=columns).assign(product_weeks=9, model_version="3")
    lake.write(DRIFT, FIRST, made)

    text = words(render_report(FIRST))

    assert "Drift : past forecasts, bias. A new model is trained" in text
    assert "bias 21.0% (\N{MINUS SIGN}15.0% \N{EN DASH} 15.0%)" in text
    assert "range not enough forecasts yet" in text
    assert "discount depths 0.03 (at most 0.20)" in text

    lake.write(DRIFT, FIRST, made[1:])
    assert "No drift." in words(render_report(FIRST))


def test_what_the_source_wrote_is_never_markup(plan_day):
    plan_day(subcategory="<script>alert(1)</script>\"'&")

    page = render_report(FIRST)

    assert "<script>alert" not in page.lower()
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_loads_nothing_from_anywhere(plan_day):
    plan_day()

    page = render_report(FIRST)

    assert not re.search(r"https?:|//[a-z]|@import|url\(", page)
    assert not re.search(r"<(link|img|iframe|object)\b|\bsrc=", page)


def test_the_same_plan_gives_the_same_page(plan_day):
    plan_day()

    assert render_report(FIRST) == render_report(FIRST)


def test_the_report_does_not_compare_a_plan_with_itself(plan_day):
    plan_day()
    before = render_report(FIRST)

    propose(FIRST, "Ada")
    publish(FIRST, "Ada")

    assert render_report(FIRST) == before
    assert "No schedule was published for an earlier day" in before


def test_the_report_says_what_changed_since_the_last_schedule(plan_day):
    older = plan_day(FIRST)
    propose(FIRST, "Ada")
    publish(FIRST, "Ada")
    plan_day(SECOND, promo_price=8.99)

    text = words(render_report(SECOND))

    assert (
        f"Against version {older} : 0 added, 0 removed, 2 with other terms, 0 as they were" in text
    )
    assert "10% off with display and mailer instead of 20% off with display and mailer" in text


def test_the_page_says_what_is_assumed_and_where_the_data_comes_from(plan_day):
    plan_day()

    text = words(render_report(FIRST))

    assert "2 promotions (100%) lean on a stock ledger simulated from sales." in text
    assert "1 promotions (50%) lean on a price response borrowed" in text
    assert "simulated from real shopping patterns, for education" in text


def test_another_source_is_not_called_simulated(plan_day, monkeypatch):
    plan_day()
    monkeypatch.setenv("PROMOLOOP_SOURCE", "files")
    settings.cache_clear()

    assert "Complete Journey" not in render_report(FIRST)


def test_reasons_without_a_sentence_of_their_own_are_still_shown():
    pairs = dict(reasons(REASONS))

    assert pairs["multiplier"] == "2.04"
    assert pairs["assumed"] == "stock"
    assert "audience" not in pairs


def test_no_next_best_option_means_no_promotion():
    pairs = dict(reasons(replace(REASONS, next_best=None, limits=[])))

    assert (pairs["limits"], pairs["next best"]) == ("none holds it back", "no promotion")


def test_reasons_of_an_older_release_are_read_by_their_present_names():
    older = json.loads(REASONS.to_json())
    older["moves"] = older.pop("effects")
    older["displaces"] = older.pop("spillovers")

    assert Reasons.from_json(json.dumps(older)) == REASONS


def test_reasons_that_lack_a_field_are_refused_by_its_name():
    cut = REASONS.to_dict()
    cut.pop("multiplier")

    with pytest.raises(ContractError, match="multiplier"):
        Reasons.from_json(json.dumps(cut))


@pytest.mark.parametrize(
    ("depth", "expected"), [(0.08, 0), (0.10, 0), (0.1338, 1), (0.25, 3), (0.4, 5), (0.55, 6)]
)
def test_deeper_discounts_get_darker_shades(depth, expected):
    assert shade(depth) == expected


def test_numbers_are_written_alike_everywhere():
    assert count(12345.6) == "12,346"
    assert count(-0.04, 1) == "0.0"
    assert count(float("nan")) == "\N{EN DASH}"
    assert money(-1234.5, 2) == "\N{MINUS SIGN}$1,234.50"


def test_weeks_are_named_by_their_first_and_last_day():
    assert period(Timestamp("2017-12-04"), Timestamp("2017-12-11")) == "4\N{EN DASH}10 Dec"
    assert period(Timestamp("2017-11-27"), Timestamp("2017-12-04")) == "27 Nov \N{EN DASH} 3 Dec"


def test_ticks_are_round_and_stay_inside():
    assert ticks(0, 47) == [0, 20, 40]
    assert ticks(-3, 3) == [-2, 0, 2]
    assert ticks(0, 0) == [0]


def test_a_segments_page_says_what_it_buys_and_what_is_promoted_to_it_alone(plan_day, segmented):
    plan_day()
    segmented()
    numbers = {c.name: 0.5 for c in DIM_AUDIENCES.columns if c.kind == "double"}
    named = ["all", "segment-0", "segment-1"], ["all customers", "frequent", "coupon users"]
    audiences = DataFrame({"audience_id": named[0], "audience": named[1]}).assign(
        **numbers, customers=[40, 39, 1], may_be_targeted=1, traits="{}"
    )
    lake.write(DIM_AUDIENCES, FIRST, audiences)
    plan = lake.read(PLAN, FIRST)
    lake.write(PLAN, FIRST, plan.assign(audience_id=["all", "segment-1"], audience_share=[1, 0.5]))

    text = words(render_report(FIRST))

    frequent, users = re.split(r"Coupon users segment-1", text)[0:2]
    assert "Nothing; it may have what is for all customers." in frequent
    assert "recency, frequency, value 3.0, 3.0, 3.0 of 5" in users
    assert "Cups 75.0% 7.0%" in users  # 30 of c1's 40; 30 of all's 430
    assert "Cups, own brand, 20% off , week of 4 Dec: margin $5.00" in users
    assert "200, for segment-1" in users


def test_terms_say_whom_they_are_for_where_that_is_not_everybody():
    row = {"mechanic": "percent_off", "audience_id": "segment-1"}

    assert terms(row, "20% off", {}) == "20% off, segment-1 only"
    assert terms(row | {"audience_id": "all"}, "20% off", {}) == "20% off"


def test_each_segment_has_a_profile_and_a_chart_of_what_sets_it_apart(plan_day):
    plan_day()
    assert "Customer segments" not in words(render_report(FIRST))
    numbers = {c.name: 0.5 for c in DIM_AUDIENCES.columns if c.kind == "double"}
    numbers |= {"may_be_targeted": 3, "silhouette": 0.31, "stability": None}
    rows = [
        ("all", "all customers", 40, {"visits": 0.0}),
        ("segment-0", "frequent, whole shop", 10, {"visits": 1.25, "sales": 2.5}),
        ("segment-1", "lapsing, coupon users", 30, {"visits": -0.4}),
    ]
    frame = DataFrame(
        [
            numbers | {"audience_id": i, "audience": n, "customers": c, "traits": json.dumps(t)}
            for i, n, c, t in rows
        ]
    )
    lake.write(DIM_AUDIENCES, FIRST, frame.astype({"stability": float}))

    page = render_report(FIRST)

    text = words(page)
    assert "40 customers who shop alike" in text
    assert "Silhouette 0.31 (1: wholly apart)." in text
    first = text.index("Frequent, whole shop segment-0 10 customers (25%)")
    assert first < text.index("Lapsing, coupon users segment-1 30 customers")
    assert page.count('class="trait"') == 3
    assert "frequent, whole shop, in standard deviations: visits 1.2; sales 2.5" in page
