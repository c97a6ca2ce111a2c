"""The server, the readers and the publisher, each in processes of their own."""

import json
import logging
import multiprocessing
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.scratch_home import own_home
from benchmarks.serve import report
from benchmarks.serve.checker import Expected, read_expected
from benchmarks.serve.large_plans import real_lines, stock_up
from benchmarks.serve.readers import Job, Seen, read
from ml.contracts.offers import OFFERS_FILE
from ml.errors import ServiceError
from ml.publishing import approval
from ml.publishing.publish import publish, roll_back
from ml.releases import proposed, store
from ml.releases.schedule import SCHEDULE
from ml.settings import settings
from promoloop import credentials
from promoloop.serving.server import serve

log = logging.getLogger(__name__)
PLANS = 5
PROCESSES = 2
SAMPLE = {"product_id": 4000, "customer_id": 1000}
SECONDS_A_SWITCH = 2.0  # above the server's interval of one second
STARTUP_SECONDS = 60
BY = "bench"
SPAWN = multiprocessing.get_context("spawn")
Switch = Callable[[], object]


def bench_serve(
    size: int,
    readers: int,
    rate: float,
    switches: int,
    workers: int,
    closed_seconds: float,
    say: Callable[[str], None],
) -> None:
    """Print what the readers saw in tables, then one line of JSON.

    First they read for `closed_seconds` as fast as they can, then at the `rate` while the
    schedule is switched.

    Raises:
        LakeError: nothing is published here that could be multiplied.
        ServiceError: the server did not start, or publishing could not keep its pace.
    """
    lines, offers = real_lines()
    say(f"{len(lines)} real lines of {store.current()}, multiplied to {size:,}")
    with own_home("bench-serve"):
        days = stock_up(lines, offers, size, PLANS)
        publish(days[0], BY)
        at = lines["starts_at"].mode().iloc[0]
        expected = {version: _expected(version, at) for version in map(_version, days)}
        with _server(workers) as url:
            token = credentials.serving_token(settings())
            job = Job(url, token, at.isoformat(), readers, 0.0, closed_seconds, 0, expected)
            closed = _measure(job, [])
            seconds = SECONDS_A_SWITCH * (switches + 1)
            paced = _measure(replace(job, rate=rate, seconds=seconds), _switches(days, switches))
    report.show(closed, closed_seconds, paced, seconds, say)
    say(json.dumps(report.result(closed, paced, seconds)))


def _version(day: date) -> str:
    return approval.plan_version(day)


def _expected(version: str, at: pd.Timestamp) -> Expected:
    """What one version says of the same random products and customers as any other."""
    release = proposed.proposed(version)
    chosen = {}
    for key, file in (("product_id", SCHEDULE), ("customer_id", OFFERS_FILE)):
        every = np.unique(pd.read_parquet(release / file, columns=[key])[key])
        draw = np.random.default_rng(settings().seed)
        chosen[key] = draw.choice(every, min(SAMPLE[key], len(every)), replace=False).tolist()
    return read_expected(release, chosen["product_id"], chosen["customer_id"], at)


@contextmanager
def _server(workers: int) -> Iterator[str]:
    """The read API as `promoloop serve` runs it, on a free port."""
    host = settings().host
    with socket.socket() as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
    process = SPAWN.Process(target=serve, args=(settings(), host, port, workers))
    process.start()
    url = f"http://{host}:{port}"
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.join()


def _wait(url: str) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                raise ServiceError(f"{url} does not answer: {error}") from error
            time.sleep(0.2)


def _switches(days: list[date], count: int) -> list[Switch]:
    """Publish the next plan, go back to the one before, and so on; each changes what is live.

    After the last plan come rolls back alone: a plan older than the live one is not published.
    """
    switches: list[Switch] = []
    for k in range(count):
        place = k // 2 if k % 2 else k // 2 + 1
        day, is_new = days[place % len(days)], not k % 2 and place < len(days)
        back: Switch = partial(roll_back, _version(day), BY)
        switches.append(partial(publish, day, BY) if is_new else back)
    return switches


def _measure(job: Job, switches: list[Switch]) -> list[Seen]:
    """Read from PROCESSES processes while this one switches what is published."""
    share = replace(job, readers=job.readers // PROCESSES, rate=job.rate / PROCESSES)
    with ProcessPoolExecutor(PROCESSES, mp_context=SPAWN) as pool:
        started = time.time()
        reading = [pool.submit(read, replace(share, seed=seed)) for seed in range(PROCESSES)]
        for number, switch in enumerate(switches, 1):
            time.sleep(max(0.0, started + number * SECONDS_A_SWITCH - time.time()))
            switch()
        if time.time() > started + job.seconds:
            raise ServiceError(
                f"{len(switches)} switches took longer than {job.seconds:.0f} s on this busy "
                "machine, so the last were not read; try again when it is quieter"
            )
        return [each.result() for each in reading]
