"""The real server: two workers on a socket, a publication and a roll-back under them."""

import json
import multiprocessing
import socket
import time
import urllib.request

import pytest

from ml.publishing.publish import roll_back
from ml.releases import store
from ml.settings import settings
from promoloop import credentials
from promoloop.serving.server import serve

FIRST, SECOND = "2017-12-04-aaaaaaaa", "2017-12-05-bbbbbbbb"
PRICES = {FIRST: 7.99, SECOND: 8.99}


@pytest.fixture
def server(shelve):
    """Its address and its process, two workers, looking every tenth of a second."""
    shelve(FIRST, 7.99)
    shelve(SECOND, 8.99)
    store.point_at(FIRST)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(settings(), "127.0.0.1", port, 2))
    process.start()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.join()


@pytest.fixture(autouse=True)
def often(home, monkeypatch):
    monkeypatch.setenv("PROMOLOOP_SERVING_REFRESH_SECONDS", "0.1")
    settings.cache_clear()


def ask(url: str) -> bytes:
    token = credentials.serving_token(settings())
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_up(url: str) -> bool:
    try:
        return bool(ask(f"{url}/health"))
    except OSError:
        return False


def versions(url: str) -> set[str]:
    """Which versions twenty new connections were answered from, each checked to be whole."""
    answers = [json.loads(ask(f"{url}/v1/products/100/promotions")) for _ in range(20)]
    for each in answers:
        assert {row["promo_price"] for row in each["promotions"]} == {PRICES[each["plan_version"]]}
    return {each["plan_version"] for each in answers}


def test_every_worker_takes_up_a_publication_and_a_roll_back(server):
    until(lambda: is_up(server))
    assert versions(server) == {FIRST}

    for version in (SECOND, FIRST):
        roll_back(version, "Ada")
        until(lambda version=version: versions(server) == {version})

    asked = sum(
        float(line.split()[-1])
        for line in ask(f"{server}/metrics").decode().splitlines()
        if line.startswith("promoloop_serving_requests_total{") and "products" in line
    )
    assert asked >= 60
    secret = credentials.serving_token_file(settings())
    assert secret.stat().st_mode & 0o777 == 0o600
