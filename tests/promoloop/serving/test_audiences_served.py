"""What is for an audience is shown to, and quoted for, its members alone."""

import json

import pytest

from ml import erasure, lake
from ml.contracts.offers import MEMBERS_FILE
from ml.releases import store

FIRST = "2017-12-04-aaaaaaaa"
TEA = "/v1/products/100/promotions"


@pytest.fixture
def targeted(shelve, lines, client):
    """The second week's promotions are for segment-0, whose only member is c1."""
    plan = lines(FIRST, 7.99)
    later = plan["starts_at"] == plan["starts_at"].max()
    folder = shelve(
        FIRST, lines=plan.assign(audience_id=later.map({True: "segment-0", False: "all"}))
    )
    client.app.state.live.refresh()
    return folder


def answered(client, **asked):
    return [row["audience_id"] for row in client.get(TEA, params=asked).json()["promotions"]]


def test_a_product_is_answered_for_all_unless_an_audience_or_its_member_is_named(targeted, client):
    assert answered(client) == ["all"]
    assert answered(client, audience_id="all") == ["all"]
    assert answered(client, audience_id="segment-0") == ["all", "segment-0"]
    assert answered(client, audience_id="segment-1") == ["all"]
    assert answered(client, customer_id="c1") == ["all", "segment-0"]
    assert answered(client, customer_id="c2") == ["all"]
    assert answered(client, customer_id="nobody") == ["all"]
    assert answered(client, customer_id="c1", at="2017-12-12") == ["segment-0"]
    assert answered(client, at="2017-12-12") == []


def test_an_audience_that_the_version_does_not_have_is_refused(targeted, client):
    answer = client.get(TEA, params={"audience_id": "segment-7"})

    assert answer.status_code == 404
    assert "it has ['all', 'segment-0', 'segment-1']" in answer.json()["detail"]


def test_a_customers_audiences_come_from_the_live_release(targeted, client):
    def audiences(customer):
        return client.get(f"/v1/customers/{customer}/audiences").json()["audiences"]

    assert audiences("c1") == ["all", "segment-0"]
    assert audiences("nobody") == ["all"]


def test_a_basket_pays_an_audiences_price_only_when_a_member_buys(targeted, client):
    def quoted(**whose):
        basket = {"at": "2017-12-12T10:00:00", "items": {"100": {"quantity": 1}}}
        return client.post("/v1/quote", json=basket | whose).json()

    assert quoted(customer_id="c1")["total"] == 7.99
    for whose in ({}, {"customer_id": "c2"}):
        other = quoted(**whose)
        assert other["total"] == 10.0
        assert other["lines"][0]["not_applied"][0]["reason"] == "not_for_all"


def test_who_is_forgotten_belongs_to_nothing_at_the_next_look(targeted, client):
    erasure.forget_customer("c1", "Ada")
    client.app.state.live.refresh()

    assert store.current() == FIRST
    assert answered(client, customer_id="c1") == ["all"]
    assert client.app.state.live.state.problem == ""


def test_a_release_from_before_there_were_members_is_served_for_all(targeted, client):
    (targeted / MEMBERS_FILE).unlink()
    manifest = json.loads((targeted / lake.MANIFEST).read_text())
    manifest["files"] = [file for file in manifest["files"] if file["name"] != MEMBERS_FILE]
    (targeted / lake.MANIFEST).write_text(json.dumps(manifest))
    client.app.state.live.refresh()

    assert client.app.state.live.state.problem == ""
    assert answered(client, customer_id="c1") == ["all"]
    assert client.get(TEA, params={"audience_id": "segment-0"}).status_code == 404
