"""Who approved a plan, and what that covers."""

import json
from datetime import date

import pytest

from ml.config.approval import ReviewAnswer
from ml.errors import GateError, LakeError
from ml.publishing import publish
from ml.publishing.approval import describe, propose, settle
from ml.releases import store
from ml.releases.proposed import review_of
from ml.settings import settings

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)


def history():
    lines = (settings().published / "history.jsonl").read_text().splitlines()
    return [(json.loads(line)["action"], json.loads(line)["plan_version"]) for line in lines]


@pytest.fixture
def review_asked(tmp_path, monkeypatch, home):
    policy = settings().policy_path.read_text().replace("auto_approve: true", "auto_approve: false")
    (tmp_path / "policy.yml").write_text(policy)
    monkeypatch.setenv("PROMOLOOP_POLICY_PATH", str(tmp_path / "policy.yml"))
    settings.cache_clear()


def test_a_plan_waits_for_its_approval_when_the_policy_asks_for_one(review_asked, plan_day):
    version = plan_day()
    assert propose(FIRST, "Ada")
    with pytest.raises(GateError, match="it is proposed"):
        publish.publish(FIRST, "Ada")

    assert settle(version, ReviewAnswer(True, "Grace", "go"))

    assert publish.publish(FIRST, "Ada") == version
    assert history() == [("proposed", version), ("approved", version), ("publish", version)]
    assert review_of(version)["comment"] == "go"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (ReviewAnswer(False, "Grace", "too deep"), "rejected"),
        (ReviewAnswer(False, None), "expired"),
    ],
)
def test_without_a_yes_the_live_schedule_stays(review_asked, plan_day, answer, state):
    older = plan_day(FIRST)
    propose(FIRST, "Ada")
    settle(older, ReviewAnswer(True, "Grace"))
    publish.publish(FIRST, "Ada")
    newer = plan_day(SECOND, promo_price=8.99)
    propose(SECOND, "Ada")

    assert not settle(newer, answer)

    with pytest.raises(GateError, match=f"it is {state}"):
        publish.publish(SECOND, "Ada")
    assert store.current() == older


def test_what_the_policy_approves_is_recorded_as_such(plan_day):
    version = plan_day()

    assert not propose(FIRST, "Ada")

    review = review_of(version)
    assert (review["state"], review["by"], review["proposed_by"]) == (
        "approved",
        "policy.yml",
        "Ada",
    )


def test_with_a_shops_own_data_nothing_is_approved_by_itself(plan_day, monkeypatch):
    monkeypatch.setenv("PROMOLOOP_SOURCE", "files")
    settings.cache_clear()
    version = plan_day()

    assert propose(FIRST, "Ada")
    assert review_of(version)["state"] == "proposed"

    monkeypatch.setenv("PROMOLOOP_PEOPLE_DECIDE", "false")
    settings.cache_clear()
    assert not propose(FIRST, "Ada")
    assert review_of(version)["state"] == "approved"


def test_an_approval_holds_for_the_same_files_and_no_others(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    settle(version, ReviewAnswer(True, "Grace"))
    assert not propose(FIRST, "Ada")
    plan_day(subcategory="HERBAL TEA")  # another name on the same promotions

    assert propose(FIRST, "Ada")
    with pytest.raises(GateError, match="it is proposed"):
        publish.publish(FIRST, "Ada")


def test_a_release_changed_after_its_approval_is_refused(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    settle(version, ReviewAnswer(True, "Grace"))
    (settings().lake / "promotions/proposed" / version / "schedule.csv").write_text("else")

    with pytest.raises(LakeError, match=r"schedule\.csv"):
        publish.publish(FIRST, "Ada")


def test_who_proposed_may_not_approve_where_the_policy_forbids_it(review_asked, plan_day):
    path = settings().policy_path
    path.write_text(path.read_text().replace("own_proposals: true", "own_proposals: false"))
    version = plan_day()
    propose(FIRST, "Ada")

    with pytest.raises(GateError, match="Ada proposed this"):
        settle(version, ReviewAnswer(True, "Ada"))
    assert settle(version, ReviewAnswer(True, "Grace"))


def test_an_answer_to_a_plan_made_again_since_is_refused(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    plan_day(promo_price=6.99)

    with pytest.raises(LakeError, match="planned again"):
        settle(version, ReviewAnswer(True, "Grace"))


def test_a_no_to_a_plan_made_again_since_is_recorded(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    plan_day(promo_price=6.99)

    assert not settle(version, ReviewAnswer(False, "Grace", "edited"))

    assert review_of(version)["state"] == "rejected"


def test_a_plan_is_described_by_its_own_release_also_after_its_day_was_planned_again(
    review_asked, plan_day
):
    version = plan_day()
    propose(FIRST, "Ada")
    plan_day(promo_price=6.99)

    text = describe(version)

    assert "* 2 promotions of 2 products: 2 percent_off" in text
    assert "* cost 39.95 of a budget of 50.00" in text
    assert text.endswith(f"proposed/{version}/report.html`")


def test_a_plan_is_not_published_that_waited_while_a_later_day_went_live(review_asked, plan_day):
    older = plan_day(FIRST)
    assert propose(FIRST, "Ada")
    newer = plan_day(SECOND, promo_price=8.99)
    propose(SECOND, "Ada")
    settle(newer, ReviewAnswer(True, "Grace"))
    publish.publish(SECOND, "Ada")

    assert not settle(older, ReviewAnswer(True, "Grace"))

    assert review_of(older)["state"] == "superseded"
    assert newer in review_of(older)["comment"]


def test_nobody_is_asked_about_a_plan_of_an_earlier_day_than_the_live_one(review_asked, plan_day):
    newer = plan_day(SECOND, promo_price=8.99)
    propose(SECOND, "Ada")
    settle(newer, ReviewAnswer(True, "Grace"))
    publish.publish(SECOND, "Ada")
    older = plan_day(FIRST)

    assert not propose(FIRST, "Ada")

    assert review_of(older)["state"] == "superseded"
    assert newer in review_of(older)["comment"]
    (settings().published / "current").unlink()
    assert propose(FIRST, "Ada")  # the newer one is no longer live
