"""What the review page serves, over a small shop's sealed release."""

import re
import time
from datetime import date

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient

from ml.publishing.approval import propose
from ml.publishing.publish import publish, roll_back
from ml.releases.proposed import proposed
from promoloop.review_page import previews
from promoloop.review_page.app import STATIC, Viewer, make_app

FIRST = date(2017, 12, 4)
ADA = Viewer(name="Ada", may_answer=True, may_revise=True)


@pytest.fixture
def page():
    return TestClient(make_app(lambda: ADA))


def test_a_plan_is_shown_beside_the_live_schedule(page, plan_day):
    live = plan_day(FIRST)
    propose(FIRST, "Ada")
    publish(FIRST, "Ada")
    newer = plan_day(FIRST, promo_price=6.99)
    propose(FIRST, "Ada")

    shown = page.get(f"/api/plans/{newer}").json()

    assert (shown["live_version"], shown["is_live"]) == (live, False)
    assert shown["lines"]["product_id"] == ["100", "200"]
    assert shown["lines"]["change"] == ["changed", "changed"]
    assert shown["lines"]["promo_price"] == [6.99, 6.99]
    assert shown["before"]["line"] == [0, 1]
    assert shown["before"]["promo_price_before"] == [7.99, 7.99]
    assert shown["weeks"] == ["2017-12-04"]
    assert shown["names"] == {"100": "Tea, 20 ct", "200": "Cups, own brand"}
    assert shown["summary"]["budget"] == 50.0
    same = page.get(f"/api/plans/{live}").json()
    assert same["lines"]["change"] == ["kept", "kept"]
    assert same["before"]["line"] == []
    assert same["is_live"]


def test_the_index_shows_who_did_what(page, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")

    (entry,) = page.get("/api/plans").json()

    assert (entry["version"], entry["state"], entry["live"]) == (version, "approved", False)
    assert [(step["action"], step["by"]) for step in entry["steps"]] == [
        ("proposed", "Ada"),
        ("approved", "policy.yml"),
    ]


def test_an_answer_is_sent_once_for_the_same_files(page, plan_day):
    live = plan_day()
    propose(FIRST, "Ada")
    first = page.get(f"/api/plans/{live}")

    again = page.get(f"/api/plans/{live}", headers={"If-None-Match": first.headers["etag"]})
    publish(FIRST, "Ada")  # it is live now: another answer
    later = page.get(f"/api/plans/{live}", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["content-encoding"] == "gzip"
    assert (later.status_code, later.json()["is_live"]) == (200, True)


def test_a_version_that_was_replaced_or_taken_back_says_by_what_and_whom(page, plan_day):
    first = plan_day()
    for _ in range(2):
        propose(FIRST, "Ada")
        publish(FIRST, "Ada")
        second = plan_day(promo_price=6.99)
    roll_back(first, "Grace", "a slip")

    plans = {plan["version"]: plan for plan in page.get("/api/plans").json()}
    assert (plans[second]["state"], plans[second]["live"]) == ("rolled_back", False)
    step = plans[second]["steps"][-1]
    assert (step["by"], step["comment"]) == ("Grace", f"{first} a slip")
    assert plans[first]["live"]
    assert [step["action"] for step in plans[first]["steps"]][-2:] == ["superseded", "roll_back"]


def test_a_products_drawer_holds_what_is_known_of_it(page, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")

    tea = page.get(f"/api/plans/{version}/products/100").json()

    assert [week["units"] for week in tea["history"]] == [4] * 8
    assert tea["forecast"][0]["p90"] == pytest.approx(7.2)
    assert tea["stock"][0]["stockout_probability"] == 0.01
    assert tea["response"]["elasticity"] == -1.5
    (row,) = tea["promotions"]
    assert row["week"] == "2017-12-04"
    assert row["reasons"]["next_best"]["depth"] == 0.1
    assert [(a["depth"], a["ruled_out_by"]) for a in row["alternatives"]] == [
        (0.1, None),
        (0.25, "most_from_priors"),
    ]
    assert page.get(f"/api/plans/{version}/products/nothing").status_code == 404


def test_a_release_that_was_changed_is_not_shown(page, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    assert page.get(f"/api/plans/{version}").status_code == 200
    (proposed(version) / "products.jsonl").write_text("{}")

    answer = page.get(f"/api/plans/{version}")

    assert answer.status_code == 409
    assert "products.jsonl" in answer.json()["detail"]


@pytest.mark.parametrize("version", ["2017-12-04-00000000", "..", "%2e%2e%2fpublished"])
def test_only_versions_that_were_proposed_are_read(page, plan_day, version):
    plan_day()
    propose(FIRST, "Ada")

    assert page.get(f"/api/plans/{version}").status_code == 404


def test_who_may_not_read_sees_nothing_of_a_plan(plan_day):
    def nobody():
        raise HTTPException(401, "Not authenticated")

    version = plan_day()
    propose(FIRST, "Ada")
    page = TestClient(make_app(nobody))

    paths = ("/api/me", "/api/plans", f"/api/plans/{version}", "/api/previews/a")
    assert {page.get(path).status_code for path in paths} == {401}
    assert page.get("/").status_code == 200  # the empty page, which shows the way to sign in


def test_a_preview_needs_the_right_to_revise(plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    reader = ADA.model_copy(update={"may_revise": False})

    asked = TestClient(make_app(lambda: reader)).post(
        f"/api/plans/{version}/previews", json={"edits": []}
    )

    assert asked.status_code == 403


def test_a_preview_of_a_plan_made_again_since_is_refused(page, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    plan_day(promo_price=6.99)

    asked = page.post(f"/api/plans/{version}/previews", json={"edits": []})

    assert asked.status_code == 409
    assert "planned again" in asked.json()["detail"]


def test_a_malformed_edit_is_refused_before_anything_is_solved(page, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")

    asked = page.post(f"/api/plans/{version}/previews", json={"edits": [{"week": "soon"}]})

    assert asked.status_code == 409
    assert "product_id" in asked.json()["detail"]


def test_a_preview_that_cannot_be_solved_says_why(page, plan_day):
    version = plan_day()  # the small shop has no baskets to plan from
    propose(FIRST, "Ada")
    edit = {"product_id": "100", "week": "2017-12-04", "choice": None}

    preview = page.post(f"/api/plans/{version}/previews", json={"edits": [edit]}).json()["preview"]
    state = {"state": "waiting"}
    deadline = time.monotonic() + 60
    while state["state"] in previews.RUNNING and time.monotonic() < deadline:
        time.sleep(0.2)
        state = page.get(f"/api/previews/{preview}").json()

    assert state["state"] == "failed"
    assert "fct_baskets" in state["error"]


def test_both_languages_have_every_word():
    english, chinese = re.findall(
        r"const (?:EN|ZH) = \{(.*?)\n\};", (STATIC / "words.js").read_text(), re.DOTALL
    )

    keys = [re.findall(r"[{,\n]\s*\"?([\w+]+)\"?: ", block) for block in (english, chinese)]
    assert len(keys[0]) > 100
    assert sorted(keys[0]) == sorted(keys[1])


def test_the_page_loads_nothing_from_elsewhere(page):
    for path in STATIC.iterdir():
        answer = page.get(f"/{path.name}")
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert set(re.findall(r"https?://[^\"'\s]+", answer.text)) <= {"http://www.w3.org/2000/svg"}
