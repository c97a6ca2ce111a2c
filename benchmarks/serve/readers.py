"""A process of readers, each with a connection of its own, that check every answer.

Open loop: a reader's requests are due at fixed times, and an answer's latency counts from when
its request was due, so that a server that stalls is charged for all that it kept waiting
(G. Tene, "How NOT to Measure Latency", 2013). Closed loop, for the most that the server can do:
each request follows the answer before it.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property

import aiohttp

from benchmarks.serve.checker import Expected, wrong_with

log = logging.getLogger(__name__)
BASKET = 5
MIX = {"product": 0.9, "customer": 0.05, "quote": 0.05}


@dataclass(frozen=True)
class Job:
    """What a process of readers does; `rate` is of them all, requests a second, 0: closed loop."""

    url: str
    token: str
    at: str
    readers: int
    rate: float
    seconds: float
    seed: int
    expected: Mapping[str, Expected]

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """What may be asked for; every version has the same."""
        one = next(iter(self.expected.values()))
        tables = (one.products, one.customers, one.quoted)
        return {kind: sorted(table) for kind, table in zip(MIX, tables, strict=True)}


@dataclass
class Seen:
    """What came back: seconds by kind, from when due and from when sent; what was wrong.

    `versions` is the times at which a version was first seen after another one.
    """

    due: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    sent: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    torn: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    versions: list[tuple[float, str]] = field(default_factory=list)


def read(job: Job) -> Seen:
    """Run the readers of one process to their end."""
    import uvloop

    return uvloop.run(_read(job))


async def _read(job: Job) -> Seen:
    seen = Seen()
    connector = aiohttp.TCPConnector(limit=job.readers)
    headers = {"Authorization": f"Bearer {job.token}"}
    async with aiohttp.ClientSession(job.url, connector=connector, headers=headers) as session:
        await asyncio.gather(*(_connect(session) for _ in range(job.readers)))
        end = time.perf_counter() + job.seconds
        await asyncio.gather(
            *(_reader(session, job, seen, number, end) for number in range(job.readers))
        )
    return seen


async def _connect(session: aiohttp.ClientSession) -> None:
    """Open a connection, which the session keeps for the readers."""
    async with session.get("/health") as answer:
        await answer.read()


async def _reader(
    session: aiohttp.ClientSession, job: Job, seen: Seen, number: int, end: float
) -> None:
    draw = random.Random(job.seed * 1000 + number)
    period = job.readers / job.rate if job.rate else 0.0
    due = time.perf_counter() + draw.random() * (period or 0.1)
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await _ask(session, job, seen, draw, due)
        due = due + period if period else time.perf_counter()


async def _ask(
    session: aiohttp.ClientSession, job: Job, seen: Seen, draw: random.Random, due: float
) -> None:
    kind = draw.choices(list(MIX), list(MIX.values()))[0]
    key, request = _request(session, job, kind, draw)
    sent = time.perf_counter()
    async with request as answer:
        body = await answer.read()
        done = time.perf_counter()
        if answer.status != 200:
            seen.failed.append(f"{answer.status} {body[:200]!r}")
            return
        content = json.loads(body)
        wrong = wrong_with(job.expected, kind, key, content, answer.headers["ETag"])
    if wrong:
        seen.torn.append(f"{kind} {key} {wrong}")
    seen.due[kind].append(done - due)
    seen.sent[kind].append(done - sent)
    if not seen.versions or seen.versions[-1][1] != content["plan_version"]:
        seen.versions.append((time.time(), content["plan_version"]))


def _request(
    session: aiohttp.ClientSession, job: Job, kind: str, draw: random.Random
) -> tuple[str, AbstractAsyncContextManager[aiohttp.ClientResponse]]:
    """What is asked for, and the request that asks."""
    if kind == "product":
        key = draw.choice(job.keys[kind])
        return key, session.get(f"/v1/products/{key}/promotions")
    if kind == "customer":
        key = draw.choice(job.keys[kind])
        return key, session.get(f"/v1/customers/{key}/offers")
    products = draw.sample(job.keys[kind], BASKET)
    basket = {"at": job.at, "items": {product: {"quantity": 1} for product in products}}
    return "+".join(products), session.post("/v1/quote", json=basket)
