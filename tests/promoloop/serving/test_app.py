import asyncio
import json

import pytest
import starlette.requests
from fastapi.testclient import TestClient

from ml.releases import store
from promoloop.serving.access import MOST_BYTES
from promoloop.serving.app import create_app
from promoloop.serving.live import Live

FIRST, SECOND = "2017-12-04-aaaaaaaa", "2017-12-05-bbbbbbbb"
TEA = "/v1/products/100/promotions"
C1 = "/v1/customers/c1/offers"


def test_without_a_moment_every_promotion_of_the_product_is_answered(client):
    answer = client.get(TEA)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["plan_version"], body["product_id"]) == (FIRST, "100")
    assert [row["starts_at"] for row in body["promotions"]] == [
        "2017-12-04T00:00:00",
        "2017-12-11T00:00:00",
    ]
    assert body["promotions"][0]["promo_price"] == 7.99


def test_a_moment_is_the_shops_unless_it_says_else(client):
    def at(moment: str) -> list[str]:
        rows = client.get(TEA, params={"at": moment}).json()["promotions"]
        return [row["starts_at"][:10] for row in rows]

    assert at("2017-12-10T23:30:00") == ["2017-12-04"]
    assert at("2017-12-11T04:30:00+00:00") == ["2017-12-04"]  # still Sunday in New York
    assert at("2017-12-11T05:30:00Z") == ["2017-12-11"]
    assert at("2018-12-11") == []
    assert client.get(TEA, params={"at": "soon"}).status_code == 422
    assert client.get(TEA, params={"when": "2017-12-05"}).status_code == 422


def test_a_customers_offers_carry_their_promotions(client):
    body = client.get(C1).json()

    assert (body["plan_version"], body["customer_id"]) == (FIRST, "c1")
    assert [(o["offer_rank"], o["product_id"]) for o in body["offers"]] == [
        (1, "102"),
        (2, "101"),
        (3, "100"),
    ]
    assert body["offers"][0]["promotion"]["promo_price"] == 7.99
    assert len(client.get(C1, params={"at": "2017-12-05"}).json()["offers"]) == 3
    assert client.get(C1, params={"at": "2017-12-12"}).json()["offers"] == []
    assert client.get("/v1/customers/nobody/offers").json()["offers"] == []


def test_a_basket_is_quoted_at_the_planned_prices(client):
    basket = {"at": "2017-12-05T10:00:00", "items": {"100": {"quantity": 2}}}
    basket["items"]["bag"] = {"quantity": 1, "regular_price": 0.1}

    answer = client.post("/v1/quote", json=basket)

    assert answer.headers["ETag"].startswith(f'"{FIRST}:')
    body = answer.json()
    assert (body["total"], body["saved"], body["plan_version"]) == (16.08, 4.02, FIRST)
    assert body["lines"][0]["applied"] == [
        {
            "promotion_id": "100-20171204-percent_off",
            "mechanic": "percent_off",
            "units": 2,
            "saved": 4.02,
        }
    ]
    assert body["lines"][1]["not_applied"][0]["reason"] == "no_promotion"


def test_what_was_redeemed_before_counts(client):
    basket = {
        "at": "2017-12-05",
        "items": {"100": {"quantity": 2}},
        "redeemed": {"100-20171204-percent_off": {"by_customer": 5}},
    }

    assert client.post("/v1/quote", json=basket).json()["total"] == 17.99


def test_a_product_without_a_price_is_named(client):
    basket = {"at": "2017-12-05", "items": {"bag": {"quantity": 1}, "100": {"quantity": 1}}}

    answer = client.post("/v1/quote", json=basket)

    assert answer.status_code == 409
    assert "['bag']: send their regular_price" in answer.json()["detail"]


def test_the_etag_distinguishes_versions(client, live):
    tag = client.get(TEA).headers["ETag"]
    assert tag == client.get(C1).headers["ETag"]
    assert tag.startswith(f'"{FIRST}:')

    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        known = client.get(TEA, headers={"If-None-Match": given})
        assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", tag)

    store.point_at(SECOND)
    live.refresh()
    assert client.get(C1, headers={"If-None-Match": tag}).status_code == 200


def test_nothing_under_v1_and_no_metrics_without_the_token(client):
    plain = TestClient(client.app)
    wrong = TestClient(client.app, headers={"Authorization": "Bearer wröng".encode("latin-1")})
    for caller in (plain, wrong):
        for path in (TEA, C1, "/metrics"):
            answer = caller.get(path)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "7.99" not in answer.text
            assert "Authorization: Bearer <token>" in answer.json()["detail"]
        assert caller.post("/v1/quote", json={}).status_code == 401
    assert plain.get("/health").status_code == 200


def parsed(monkeypatch):
    """Bodies that were parsed, from now on."""
    seen = []
    monkeypatch.setattr(starlette.requests.Request, "json", lambda self: seen.append(self))
    return seen


def test_a_body_without_the_token_is_neither_read_nor_parsed(client, monkeypatch):
    seen = parsed(monkeypatch)

    assert received_by(client.app, {}, [b" " * 2**20] * 60) == (401, 0)
    assert seen == []


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_limit_is_refused_before_it_is_parsed(client, monkeypatch, declared):
    seen = parsed(monkeypatch)
    headers = {"authorization": client.headers["Authorization"]}
    headers |= {"content-length": str(60 * 2**20)} if declared else {}

    assert received_by(client.app, headers, [b" " * 2**20] * 60) == (413, 0 if declared else 2)
    assert seen == []


def received_by(app, headers, chunks):
    """The status of a POST to /v1/quote, and how many chunks of its body were read."""
    left, sent = list(chunks), []

    async def receive():
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/quote",
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], len(chunks) - len(left)


def test_a_body_up_to_the_limit_is_quoted_in_one_piece_or_many(client):
    basket = json.dumps({"at": "2017-12-05", "items": {"100": {"quantity": 1}}}).encode()
    whole = basket + b" " * (MOST_BYTES - len(basket))

    def quoted(content):
        return client.post(
            "/v1/quote", content=content, headers={"Content-Type": "application/json"}
        )

    assert quoted(whole).json()["total"] == 7.99
    pieces = (whole[at : at + 100_000] for at in range(0, len(whole), 100_000))
    assert quoted(pieces).json()["total"] == 7.99
    assert quoted(whole + b" ").status_code == 413


def test_a_refusal_names_places_and_repeats_no_value(client):
    items = {str(k): {"quantity": "s3cret", "s3cret": 1} for k in range(300)}
    basket = {"at": "s3cret", "items": items | {"x" * 9_000: {"quantity": 1}}}

    answer = client.post("/v1/quote", json=basket)

    assert answer.status_code == 422
    faults = answer.json()["detail"]
    assert {"type", "loc", "msg"} == set.union(*(set(fault) for fault in faults))
    assert faults[0]["loc"] == ["body", "at"]
    assert "ISO 8601" in faults[0]["msg"]
    assert faults[1]["loc"][:4] == ["body", "items", "0", "quantity"]
    assert len(answer.content) < 10_000
    assert "s3cret" not in client.get(TEA, params={"at": "s3cret"}).text
    assert "xxxx" * 100 not in answer.text


def test_health_distinguishes_a_stale_schedule_from_a_good_one(client, live):
    assert client.get("/health").json()["status"] == "ok"
    (store.folder(SECOND) / "schedule.parquet").unlink()
    store.point_at(SECOND)

    live.refresh()

    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "stale")
    assert answer.json()["plan_version"] == FIRST
    assert "schedule.parquet" in answer.json()["problem"]
    assert client.get(TEA).json()["plan_version"] == FIRST


def test_with_nothing_published_there_is_no_answer(home, client):
    empty = TestClient(create_app(Live()), headers=client.headers)

    assert empty.get("/health").status_code == 503
    assert empty.get("/health").json()["status"] == "empty"
    assert empty.get(TEA).status_code == 503


def test_answers_are_counted_by_route_and_not_by_product(client):
    def count() -> float:
        lines = client.get("/metrics").text.splitlines()
        name = (
            'promoloop_serving_requests_total{method="GET",'
            'route="/v1/products/{product_id}/promotions",status="200"}'
        )
        return next((float(x.split()[-1]) for x in lines if x.startswith(name)), 0.0)

    before = count()
    for product in ("100", "101", "nothing"):
        client.get(f"/v1/products/{product}/promotions")

    assert count() == before + 3


def test_a_new_version_is_taken_up_while_serving(live, shelve, client, monkeypatch):
    """The application's own refresher, which a given `Live` does without."""
    import time

    from ml.settings import settings

    monkeypatch.setenv("PROMOLOOP_SERVING_REFRESH_SECONDS", "0.05")
    settings.cache_clear()
    with TestClient(create_app(), headers=client.headers) as running:
        assert running.get(TEA).json()["plan_version"] == FIRST
        store.point_at(SECOND)
        deadline = time.monotonic() + 20
        while running.get(TEA).json()["plan_version"] != SECOND:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert running.get("/health").json()["status"] == "ok"
