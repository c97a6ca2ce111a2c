"""What Prometheus reads, over all workers of the server."""

import os
import time

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name: where the workers' counts lie
REQUESTS = Counter("promoloop_serving_requests", "Answers.", ["route", "method", "status"])
SECONDS = Histogram(
    "promoloop_serving_request_seconds",
    "From a request's first byte to its answer's last.",
    ["route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
)
LOADS = Counter("promoloop_serving_loads", "Versions read whole, or refused.", ["outcome"])
STALE = Gauge(
    "promoloop_serving_stale",
    "1: what is published cannot be served, the last good version is.",
    multiprocess_mode="livemax",
)


def exposition() -> bytes:
    """Every worker's figures added up, in the text format."""
    if SHARED not in os.environ:
        return generate_latest(REGISTRY)
    every = CollectorRegistry()
    MultiProcessCollector(every)
    return generate_latest(every)


def forget_this_worker() -> None:
    """A worker that ends takes its gauges with it."""
    if SHARED in os.environ:
        mark_process_dead(os.getpid())


class Measured:
    """ASGI middleware that counts and times every answer by its route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = _route(scope)
            REQUESTS.labels(route, scope["method"], str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - started)


def _route(scope: Scope) -> str:
    """The path's template: one label for all products."""
    return getattr(scope.get("route"), "path", "unknown")
