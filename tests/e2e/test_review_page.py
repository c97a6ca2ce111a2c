"""A category manager's browser: read a plan, veto a promotion, approve what comes of it."""

import json
import os
import re
import shutil
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect, sync_playwright

from ml import lake
from ml.contracts.outputs import PLAN
from ml.promotions.plan import summary_path
from ml.releases.proposed import review_of
from ml.settings import PROJECT
from promoloop import credentials

pytestmark = pytest.mark.e2e

AS_OF = date(2017, 12, 4)
SLOW = 120_000  # milliseconds, for what Airflow's tasks or the solver have to do first


@pytest.fixture(scope="module")
def waiting(platform):
    """A plan on three quarters of the money, which waits for its approval; returns its version."""
    if AS_OF not in lake.partitions(PLAN):
        platform.refresh(AS_OF, "to-be-reviewed")
    cost = json.loads(summary_path(AS_OF).read_text())["cost"]
    platform.api.wait_for_dag("revise_plan")
    conf = {"as_of": AS_OF.isoformat(), "budget": round(0.75 * cost, 2)}
    platform.api.trigger("revise_plan", "less-money", conf)
    deadline = time.monotonic() + SLOW / 1000
    while not (asked := platform.api.waiting(AS_OF.isoformat())):
        assert time.monotonic() < deadline, platform.api.tasks("revise_plan", "less-money")
        time.sleep(0.5)
    return re.search(r"plan (\S+)\?", asked[0]["subject"]).group(1)


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no browser to drive the review page in: apt-get install -y chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def reviewed(platform, waiting, browser):
    """What was seen on the way from the waiting plan to another one that is live."""
    shots = Path(os.environ.get("CI_ARTIFACTS", PROJECT / "artifacts")) / "screenshots"
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    plan = signed_in(page, platform)
    seen = {"version": plan.locator("#version").input_value()}

    every = plan.locator("button.cell").count()
    category = plan.locator("#category option").nth(1).get_attribute("value")
    plan.locator("#category").select_option(category)
    seen["filtered"] = (plan.locator("button.cell").count(), every)
    plan.locator("button.cell").first.click()
    plan.locator("#drawer svg").first.wait_for()
    seen["charts"] = plan.locator("#drawer svg").count()
    veto = plan.locator("#drawer button.veto").first
    seen["vetoed"] = (veto.get_attribute("data-product"), veto.get_attribute("data-week"))
    page.screenshot(path=shots / "1-product.png")

    veto.click()
    plan.locator("#resolve").click()
    propose = plan.locator("#propose")
    propose.wait_for(timeout=SLOW)
    seen["cost"] = plan.locator("#outcome strong").inner_text()
    page.screenshot(path=shots / "2-solved-again.png")
    propose.click()
    plan.locator("#approve").wait_for(timeout=SLOW)
    seen["proposed"] = plan.locator("#version").input_value()
    seen["without_edits"] = solved_without_its_edit(plan)
    plan.locator("#discard").click()
    plan.locator("#approve").wait_for()
    plan.locator("#comment").fill("without that one")
    plan.locator("#approve").click()
    expect(plan.locator("#state")).to_have_attribute("data-state", "live", timeout=SLOW)
    page.screenshot(path=shots / "3-live.png")
    page.set_viewport_size({"width": 390, "height": 844})
    plan.locator("#language").click()
    page.screenshot(path=shots / "4-live-390-zh.png")
    page.close()
    return seen


def solved_without_its_edit(plan):
    """Take back the one edit of the shown version, and solve; returns the version of that."""
    plan.locator("#tab-history").click()
    plan.locator("#history-panel button.undo").click()
    plan.locator("#resolve").click()
    plan.locator("#propose").wait_for(timeout=SLOW)
    return plan.locator("#outcome .id").inner_text()


def signed_in(page, platform):
    """Sign in to Airflow, and open the review page from its navigation."""
    page.goto(f"http://127.0.0.1:{platform.settings.airflow_port}/")
    page.locator("input[name=username]").fill(credentials.ADMIN)
    page.locator("input[name=password]").fill(
        credentials.password(platform.settings, credentials.ADMIN)
    )
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="Plans").click(timeout=SLOW)
    plan = page.frame_locator("iframe")
    plan.locator("button.cell").first.wait_for(timeout=SLOW)
    return plan


def test_the_plan_that_waits_is_the_one_shown(waiting, reviewed):
    assert reviewed["version"] == waiting


def test_a_filter_leaves_one_category_and_a_product_shows_its_charts(reviewed):
    shown, every = reviewed["filtered"]

    assert 0 < shown < every
    assert reviewed["charts"] == 3


def test_a_veto_is_solved_again_and_its_cost_is_shown(reviewed):
    assert re.match(r"Margin \S*\$[\d,.]+, cost ", reviewed["cost"])


def test_an_edit_taken_back_gives_the_plan_from_before_it(waiting, reviewed):
    assert reviewed["without_edits"] == waiting != reviewed["proposed"]


def test_what_was_approved_is_live_without_the_vetoed_promotion(platform, reviewed):
    live = (platform.settings.published / "current").resolve()
    schedule = pd.read_parquet(live / "schedule.parquet")
    week = schedule["starts_at"].dt.to_period("W").dt.start_time.dt.strftime("%Y-%m-%d")

    assert live.name == reviewed["proposed"]
    assert reviewed["vetoed"] not in set(zip(schedule["product_id"], week, strict=True))


def test_every_answer_names_who_gave_it(waiting, reviewed):
    approved, replaced = review_of(reviewed["proposed"]), review_of(waiting)

    assert (approved["state"], approved["by"]) == ("approved", "admin")
    assert (approved["proposed_by"], approved["comment"]) == ("admin", "without that one")
    assert (replaced["state"], replaced["by"]) == ("rejected", "admin")
    assert replaced["comment"] == "replaced by an edit"
