import json
from datetime import date, timedelta

import pandas as pd
import pytest

from ml.errors import GateError, LakeError, OutdatedPlanError
from ml.files import replace_text, to_json
from ml.promotions.gate_verdict import gate_path
from ml.publishing import publish as publishing
from ml.publishing.approval import propose
from ml.publishing.publish import roll_back
from ml.releases import store
from ml.releases.history import live_before
from ml.settings import settings

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)


def publish(as_of, by="Ada"):
    """Propose a day's plan, as the run does before, and publish it."""
    propose(as_of, by)
    return publishing.publish(as_of, by)


def live_files():
    root = store.folder(store.current())
    return {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def history():
    lines = (settings().published / "history.jsonl").read_text().splitlines()
    return [(json.loads(line)["action"], json.loads(line)["plan_version"]) for line in lines]


def test_a_release_holds_the_schedule_in_every_form(plan_day):
    version = plan_day()

    assert publish(FIRST) == version == store.current()

    folder = settings().published / "current"
    manifest = json.loads((folder / "manifest.json").read_text())
    schedule = pd.read_parquet(folder / "schedule.parquet")
    assert schedule["product_id"].tolist() == ["100", "200"]
    assert pd.read_csv(folder / "schedule.csv")["promo_price"].tolist() == [7.99, 7.99]
    assert {f["name"]: f["rows"] for f in manifest["files"]} == {
        "dossier.json": None,
        "products.jsonl": None,
        "offers/assignments.parquet": 39,
        "offers/audiences.parquet": 0,
        "offers/offers.parquet": len(pd.read_parquet(folder / "offers/offers.parquet")),
        "promotions.ics": None,
        "promotions.tsv": 2,
        "report.html": None,
        "schedule.csv": 2,
        "schedule.parquet": 2,
    }
    assert manifest["models"] == {"demand": "3"}
    assert (folder / "manifest.json").is_file()
    assert not (settings().published / "current").readlink().is_absolute()


def test_the_same_plan_gives_the_same_bytes(plan_day):
    plan_day()
    publish(FIRST)
    before = live_files()
    for path in sorted(settings().published.glob("2017*/**/*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    store.folder(store.current()).rmdir()

    publish(FIRST)

    assert live_files() == before


@pytest.mark.parametrize(
    "wrong", [None, {"passed": False}, {"content_hash": "other"}, {"plan_version": "other"}]
)
def test_a_plan_that_did_not_pass_its_gate_is_refused(plan_day, wrong):
    plan_day(FIRST)
    publish(FIRST)
    plan_day(SECOND, promo_price=8.99)
    verdict = json.loads(gate_path(SECOND).read_text())
    gate_path(SECOND).unlink()
    if wrong is not None:
        replace_text(gate_path(SECOND), to_json(verdict | wrong))
    before = live_files()

    with pytest.raises(GateError, match="run the plan gate for 2017-12-05"):
        publish(SECOND)

    assert live_files() == before


def test_an_older_version_can_be_put_back(plan_day):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    publish(SECOND)
    assert store.current() == newer

    roll_back(older, "Ada")

    assert store.current() == older
    assert history()[-1] == ("roll_back", older)


def test_a_changed_version_is_never_put_back(plan_day):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    publish(SECOND)
    with (store.folder(older) / "schedule.csv").open("a") as schedule:
        schedule.write("one more row\n")

    with pytest.raises(LakeError, match=r"schedule\.csv"):
        roll_back(older, "Ada")

    assert store.current() == newer


def test_rolling_back_to_an_unknown_version_names_the_known_ones(plan_day):
    version = plan_day()
    publish(FIRST)

    with pytest.raises(LakeError, match=version):
        roll_back("2016-01-01-00000000", "Ada")


def test_publishing_a_version_again_does_not_write_it_again(plan_day):
    version = plan_day(FIRST)
    publish(FIRST)
    written = (store.folder(version) / "report.html").stat().st_mtime_ns

    assert publish(FIRST) == version == store.current()
    assert (store.folder(version) / "report.html").stat().st_mtime_ns == written


@pytest.mark.parametrize("was_published", [True, False])
def test_a_plan_of_an_earlier_day_does_not_replace_the_live_one(plan_day, was_published):
    older = plan_day(FIRST)
    if was_published:
        publish(FIRST)
    newer = plan_day(SECOND, promo_price=8.99)
    publish(SECOND)
    before = live_files()

    with pytest.raises(OutdatedPlanError, match=f"{older}.* live version {newer}.* roll back"):
        publish(FIRST)

    assert store.current() == newer
    assert live_files() == before


def test_after_a_roll_back_the_newer_day_and_the_same_day_are_published(plan_day):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    publish(SECOND)
    roll_back(older, "Ada")

    replanned = plan_day(FIRST, promo_price=6.99)
    assert publish(FIRST) == replanned == store.current()
    assert publish(SECOND) == newer == store.current()


def test_a_line_of_the_history_cut_short_by_a_crash_stops_no_later_publication(plan_day):
    older, newer = plan_day(), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    history_file = settings().published / "history.jsonl"
    history_file.write_bytes(history_file.read_bytes() + b'{"action": "pub')

    publish(SECOND)
    roll_back(older, "Ada")

    assert live_before(SECOND + timedelta(days=1)) == [older, newer]
