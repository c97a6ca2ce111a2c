"""Airflow's own API server with the page in it, and a browser that opens it again and again."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.review.large_plan import real_release, stock_up
from benchmarks.scratch_home import own_home
from ml.errors import ServiceError
from ml.settings import Settings, settings
from promoloop import credentials
from promoloop.environment import environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState

WIDTHS = {1280: 900, 390: 844}  # to the height in pixels
STARTUP_SECONDS = 120
PATIENCE = 60_000  # milliseconds
# Measured by the browser's own clock, which starts with the navigation. A frame that shows
# something is drawn by the time that the next one begins.
WATCH = """
window.seen = new Promise((resolve) => {
  let first;
  const look = () => {
    const cells = document.querySelectorAll("button.cell[data-week]").length;
    if (cells && !first) requestAnimationFrame((at) => { first = at; });
    if (cells >= LINES && first) setTimeout(() => resolve({ first, whole: performance.now() }));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
"""
ANSWER = """(version) => {
  const [entry] = performance.getEntriesByType("resource")
    .filter((each) => each.name.endsWith(`api/plans/${version}`));
  return { answer: entry.responseEnd - entry.startTime, bytes: entry.encodedBodySize };
}"""
FILTER = """() => new Promise((resolve) => {
  const search = document.getElementById("search"), started = performance.now();
  search.value = "soup";
  search.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
})"""
COLUMNS = {"answer": "server", "first": "first draw", "whole": "every line", "filter": "filter"}


def bench_review(size: int, loads: int, say: Callable[[str], None]) -> None:
    """Print a table of milliseconds, medians over the loads, then one line of JSON.

    Raises:
        LakeError: nothing is published here that could be multiplied.
        ServiceError: there is no browser, or the server did not start.
    """
    from playwright.sync_api import sync_playwright

    lines, dossier = real_release()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise ServiceError("no `chromium` to open the page with: apt-get install -y chromium")
    say(f"{len(lines)} real lines, multiplied to {size:,}")
    with own_home("bench-review"):
        version = stock_up(lines, dossier, size)
        with _server() as chosen, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = f"http://{chosen.host}:{chosen.airflow_port}/promotions/#{version}"
            visit = _Visits(browser, _signed_in(browser, chosen), page, version, size)
            first = visit.once(1280)
            seen = {width: [visit.once(width) for _ in range(loads)] for width in WIDTHS}
            browser.close()
    _show(first, seen, say)


class _Visits:
    """Loads of one page, each in a browser context that holds nothing but the sign-in."""

    def __init__(
        self, browser: "Browser", signed_in: "StorageState", page: str, version: str, size: int
    ) -> None:
        self._browser, self._signed_in, self._page = browser, signed_in, page
        self._version, self._watch = version, WATCH.replace("LINES", str(size))

    def once(self, width: int) -> dict[str, float]:
        context = self._browser.new_context(
            storage_state=self._signed_in, viewport={"width": width, "height": WIDTHS[width]}
        )
        page = context.new_page()
        page.add_init_script(self._watch)
        page.goto(self._page)
        timings = page.evaluate("window.seen") | page.evaluate(ANSWER, self._version)
        timings["filter"] = page.evaluate(FILTER)
        context.close()
        return dict(timings)


@contextmanager
def _server() -> Iterator[Settings]:
    """Airflow's API server on a free port; no scheduler, as nothing is triggered."""
    with socket.socket() as probe:
        probe.bind((settings().host, 0))
        port = probe.getsockname()[1]
    chosen = settings().model_copy(update={"airflow_port": port})
    around, airflow = environment(chosen), str(Path(sys.executable).parent / "airflow")
    log = chosen.home / "airflow.log"
    with log.open("w") as output:
        options: dict[str, Any] = {
            "env": around,
            "stdout": output,
            "stderr": output,
            "cwd": chosen.home,
        }
        subprocess.run([airflow, "db", "migrate"], check=True, **options)
        server = subprocess.Popen([airflow, "api-server"], **options)
        try:
            _wait(f"http://{chosen.host}:{port}/api/v2/version", log)
            yield chosen
        finally:
            server.terminate()
            server.wait()


def _wait(url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                log_tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise ServiceError(
                    f"{url} does not answer: {error}; the end of its log:\n{log_tail}"
                ) from error
            time.sleep(0.5)


def _signed_in(browser: "Browser", chosen: Settings) -> "StorageState":
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{chosen.host}:{chosen.airflow_port}/")
    page.locator("input[name=username]").fill(credentials.ADMIN)
    page.locator("input[name=password]").fill(credentials.password(chosen, credentials.ADMIN))
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="Plans").wait_for(timeout=PATIENCE)
    state = context.storage_state()
    context.close()
    return state


def _show(
    first: dict[str, float], seen: dict[int, list[dict[str, float]]], say: Callable[[str], None]
) -> None:
    say(f"{'milliseconds':24}" + "".join(f"{name:>12}" for name in COLUMNS.values()))
    rows = {"1280 px, server just up": [first]} | {f"{w} px": each for w, each in seen.items()}
    for name, visits in rows.items():
        middle = [median(visit[column] for visit in visits) for column in COLUMNS]
        say(f"{name:24}" + "".join(f"{value:12.0f}" for value in middle))
    say(f"the plan's answer: {first['bytes']:,.0f} bytes on the wire")
    medians = {
        f"{column}_ms_{width}": round(median(visit[column] for visit in visits), 1)
        for width, visits in seen.items()
        for column in COLUMNS
    }
    say(json.dumps(medians | {"first_visit_ms": round(first["whole"], 1)}))
