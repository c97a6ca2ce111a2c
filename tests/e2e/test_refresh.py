"""A small real retailer through Airflow's scheduler, the Spark master and MLflow's server."""

import json
import stat
import urllib.request
from datetime import date, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from mlflow import MlflowClient
from retailer import COUNTED, poison_the_future

from ml import lake
from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.contracts.outputs import CANDIDATES, PLAN, STOCK
from ml.contracts.sources import TRANSACTIONS
from ml.demand.data.panel import read_panel
from ml.privacy import pseudonym
from ml.publishing.approval import plan_version
from ml.settings import PROJECT

pytestmark = pytest.mark.e2e

FIRST = date(2017, 12, 4)
SECOND = date(2017, 12, 5)
KILLED = ("land", "transform.dbt_producer_watcher", "affinity", "plan", "publish")


@pytest.fixture(scope="module")
def first_day(platform):
    platform.refresh(FIRST, "first")
    return platform.published()


@pytest.fixture(scope="module")
def second_day(platform, first_day):
    before = landed()
    platform.refresh(SECOND, "second")
    return before, platform.published()


@pytest.fixture(scope="module")
def first_day_again(platform, second_day):
    tasks = platform.refresh(FIRST, "first-again")
    return {task["task_id"]: task["state"] for task in tasks}, platform.published()


@pytest.fixture(scope="module")
def disturbed_first_day(platform, first_day_again):
    """From nothing but the model: the future poisoned, five tasks killed at their first try."""
    platform.forget_everything_but_the_model()
    poison_the_future(platform.export, FIRST)
    tasks = platform.refresh(FIRST, "first-disturbed", kill=KILLED)
    return tasks, platform.published()


def landed():
    """The manifest of each landed day of transactions."""
    return {day: lake.manifest(TRANSACTIONS, day) for day in lake.partitions(TRANSACTIONS)}


def test_a_whole_schedule_is_published(platform, first_day):
    version = platform.settings.published / "current"
    schedule = pd.read_parquet(version / "schedule.parquet")

    assert len(schedule) >= 20
    assert len(pd.read_csv(version / "schedule.csv")) == len(schedule)
    assert {path.rpartition("/")[2] for path in first_day} >= {
        "schedule.parquet",
        "schedule.csv",
        "promotions.tsv",
        "report.html",
        "manifest.json",
    }


def test_a_person_approved_what_is_published(platform, first_day):
    log = (platform.settings.published / "history.jsonl").read_text().splitlines()
    steps = [json.loads(line) for line in log][:3]

    assert [step["action"] for step in steps] == ["proposed", "approved", "publish"]
    assert (steps[1]["by"], steps[1]["comment"]) == ("admin", "read and found good")


def test_the_model_serves_because_its_reviewer_approved_it_in_airflow(platform, first_day):
    client = MlflowClient(tracking_uri=platform.settings.tracking_uri)
    champion = client.get_model_version_by_alias("demand", "champion")
    experiment = client.get_experiment_by_name("champions")
    (move,) = client.search_runs([experiment.experiment_id])

    assert (champion.tags["review"], champion.tags["review.by"]) == ("approved", "grace")
    assert {name: move.data.tags[name] for name in ("model", "from", "to", "by", "why")} == {
        "model": "demand",
        "from": "none",
        "to": champion.version,
        "by": "grace",
        "why": "beats its yardsticks",
    }


def private_columns(home):
    """The customers that any file of the lake or of a release names, by table or file."""
    paths = [path for top in ("lake", "published") for path in (home / top).rglob("*.parquet")]
    private = [path for path in paths if "customer_id" in pq.read_schema(path).names]
    return {path: set(pq.read_table(path)["customer_id"].to_pylist()) for path in private}


def test_customers_are_known_by_pseudonyms_alone(platform, first_day):
    own = set(pd.read_csv(platform.export / "customers.csv")["household_id"].astype(str))
    named = private_columns(platform.settings.home)

    assert {path.parent.name for path in named} >= {"as_of=2017-12-04", "day=2017-12-03", "offers"}
    assert all(people.isdisjoint(own) for people in named.values())
    assert {pseudonym(each) for each in own} >= set.union(*named.values())


def test_nobody_who_refused_or_wants_to_be_left_alone_gets_an_offer(platform, first_day):
    people = pd.read_csv(platform.export / "customers.csv", dtype={"household_id": str})
    spared = people.loc[~people["agreed"] | people["left_alone"], "household_id"].map(pseudonym)
    offers = pd.read_parquet(platform.settings.published / "current" / "offers" / "offers.parquet")
    candidates = lake.read(CANDIDATES, FIRST)

    assert len(spared) > 50
    assert len(set(offers["customer_id"])) > 100
    assert set(spared).isdisjoint(offers["customer_id"])
    assert set(spared).isdisjoint(candidates["customer_id"])


def test_the_plan_keeps_every_limit(platform, first_day):
    plan = lake.read(PLAN, FIRST)
    policy = yaml.safe_load((PROJECT / "policy.yml").read_text())
    weeks = pd.to_datetime(plan["starts_at"]).dt.to_period("W").dt.start_time
    stock = lake.read(STOCK, FIRST).set_index(["product_id", "week_start_date"])
    available = [
        stock.loc[(row.product_id, week.date()), "available_units"]
        for row, week in zip(plan.itertuples(), weeks, strict=True)
    ]
    gaps = plan.assign(week=weeks).sort_values("week").groupby("product_id")["week"].diff().dropna()

    assert plan["cost"].sum() <= policy["budget"]
    margin = (plan["promo_price"] - plan["unit_cost"]) / plan["promo_price"]
    assert margin.min() >= policy["margin_floor"] - 1e-9
    assert plan.groupby(["category", weeks]).size().max() <= policy["slots_per_category_week"]
    assert plan.groupby("product_id").size().max() <= policy["maximum_per_product"]
    assert (gaps > timedelta(weeks=policy["minimum_gap_weeks"])).all()
    assert (plan["max_redemptions"] <= available).all()
    assert (plan["expected_units_p90"] <= available).all()
    assert (plan["promo_price"] < plan["regular_price"]).all()
    assert weeks.min().date() >= FIRST


def test_weeks_and_stock_are_as_counted_where_somebody_counted(platform, first_day):
    weekly = lake.read(FCT_PRODUCT_WEEKS, FIRST)
    empty = weekly[weekly["days_out_of_stock"] > 0]
    counted = set(pd.read_csv(platform.export / "stock.csv", dtype=str)["product_id"])
    panel = read_panel(FIRST, len(set(weekly["product_id"])))
    stock = lake.read(STOCK, FIRST).set_index("product_id")

    assert len(counted) == COUNTED
    assert set(empty["product_id"]) == counted
    assert set(zip(empty["week_start_date"], empty["days_out_of_stock"], strict=True)) == {
        (date(2017, 10, 9), 3)
    }
    assert (~panel.in_stock).sum() == COUNTED
    assert (panel.unconstrained[~panel.in_stock] > panel.units[~panel.in_stock]).all()
    assert set(stock.index[~stock["is_simulated"]]) == counted


def test_the_spark_job_ran_on_the_standalone_master(platform, first_day):
    page = f"http://127.0.0.1:{platform.settings.spark_ui_port}/json/"
    with urllib.request.urlopen(page) as answer:
        master = json.load(answer)

    ended = {app["name"]: app["state"] for app in master["completedapps"]}
    assert ended["promoloop-affinity"] == "FINISHED"


def test_the_plan_names_the_champion_of_the_model_registry(platform, first_day):
    client = MlflowClient(tracking_uri=platform.settings.tracking_uri)
    champion = client.get_model_version_by_alias("demand", "champion")

    assert lake.manifest(PLAN, FIRST).models == {"demand": champion.version}
    assert client.get_run(champion.run_id).data.metrics


def test_no_secret_leaves_its_folder_and_nobody_else_reads_the_state_folder(
    platform, second_day, exposed
):
    home = platform.settings.home
    modes = {top: stat.S_IMODE((home / top).stat().st_mode) for top in ("", "lake", "published")}

    assert exposed(home) == []
    assert [top for top, mode in modes.items() if mode & 0o077] == []


def test_the_second_day_lands_one_day_and_touches_no_other(second_day):
    before, _ = second_day
    after = landed()

    assert {day: after[day] for day in before} == before
    assert after.keys() - before.keys() == {FIRST}


def test_the_second_day_publishes_a_version_of_its_own(first_day, second_day):
    _, published = second_day

    assert all(path.startswith("2017-12-05-") for path in published)
    assert published.keys().isdisjoint(first_day)


def test_rerunning_the_first_day_makes_the_same_plan_and_leaves_the_second_live(
    first_day, second_day, first_day_again
):
    states, published = first_day_again

    assert published == second_day[1]
    assert {states["publish"], states["review.ask"]} == {"skipped"}
    assert all(path.startswith(plan_version(FIRST)) for path in first_day)


def test_killed_tasks_were_tried_again(disturbed_first_day):
    tasks, _ = disturbed_first_day
    tries = {task["task_id"]: task["try_number"] for task in tasks}

    assert all(tries[name] >= 2 for name in KILLED)


def test_neither_kills_nor_the_future_change_a_byte(first_day, disturbed_first_day):
    _, published = disturbed_first_day

    assert published == first_day
