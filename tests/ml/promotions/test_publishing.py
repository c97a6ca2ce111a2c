import json
import subprocess
import sys
from datetime import date

import pandas as pd
import pytest

from ml import lake
from ml.errors import GateError, LakeError
from ml.promotions import publishing, releases
from ml.promotions.clearance import gate_path
from ml.promotions.feed import COLUMNS, merchant_feed
from ml.promotions.offers import hold_out
from ml.promotions.publishing import roll_back
from ml.promotions.review import propose, review_of, settle
from ml.review import Answer
from ml.settings import settings

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)

KILL_AT_EVERY_LINE = """
import os, shutil, sys
from datetime import date
from ml import lake
from ml.promotions import publishing, releases
from ml.settings import settings

OURS = {publishing.__file__, releases.__file__}
STEPS = {"publish", "_copy", "_go_live", "build", "point_at", "record"}
SECOND = date(2017, 12, 5)
first = releases.current()
shelf, before = settings().published, settings().home / "before"
shutil.copytree(shelf, before, symlinks=True)
lake.code_version()


def fork(work):
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_a_step(code):
    return code.co_filename in OURS and code.co_name in STEPS


def publish(at_line):
    sys.settrace(lambda frame, *_: at_line if is_a_step(frame.f_code) else None)
    publishing.publish(SECOND, "Ada")


def note(frame, event, _):
    if event == "line":
        os.write(pipe[1], f"{frame.f_code.co_filename}:{frame.f_lineno}\\n".encode())
    return note


def killer(line):
    def kill(frame, event, _):
        if event == "line" and f"{frame.f_code.co_filename}:{frame.f_lineno}" == line:
            os._exit(9)
        return kill
    return kill


def recover():
    live = releases.current()
    assert live == first or live.startswith("2017-12-05"), live
    releases.verify(live)
    assert all(releases.verify(version) is None for version in releases.versions())
    assert publishing.publish(SECOND, "Ada") == releases.current()
    releases.verify(releases.current())
    assert [path for path in shelf.iterdir() if path.name.startswith(".2017")] == []


pipe = os.pipe()
assert fork(lambda: publish(note)) == 0
os.close(pipe[1])
lines = sorted(set(os.fdopen(pipe[0]).read().split()))
assert len(lines) > 25, lines
for line in lines:
    shutil.rmtree(shelf)
    shutil.copytree(before, shelf, symlinks=True)
    assert fork(lambda: publish(killer(line))) == 9, line
    assert fork(recover) == 0, line
print(len(lines))
"""


def publish(as_of, by="Ada"):
    """Propose a day's plan, as the run does before, and publish it."""
    propose(as_of, by)
    return publishing.publish(as_of, by)


def live_files():
    root = releases.folder(releases.current())
    return {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def history():
    lines = (settings().published / "history.jsonl").read_text().splitlines()
    return [(json.loads(line)["action"], json.loads(line)["plan_version"]) for line in lines]


@pytest.fixture
def review_asked(tmp_path, monkeypatch, home):
    policy = settings().policy_path.read_text().replace("auto_approve: true", "auto_approve: false")
    (tmp_path / "policy.yml").write_text(policy)
    monkeypatch.setenv("PROMOLOOP_POLICY_PATH", str(tmp_path / "policy.yml"))
    settings.cache_clear()


def test_a_release_holds_the_schedule_in_every_form(plan_day):
    version = plan_day()

    assert publish(FIRST) == version == releases.current()

    folder = settings().published / "current"
    manifest = json.loads((folder / "manifest.json").read_text())
    schedule = pd.read_parquet(folder / "schedule.parquet")
    assert schedule["product_id"].tolist() == ["100", "200"]
    assert pd.read_csv(folder / "schedule.csv")["promo_price"].tolist() == [7.99, 7.99]
    assert {f["name"]: f["rows"] for f in manifest["files"]} == {
        "offers/assignments.parquet": 39,
        "offers/offers.parquet": len(pd.read_parquet(folder / "offers/offers.parquet")),
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
    releases.folder(releases.current()).rmdir()

    publish(FIRST)

    assert live_files() == before


def test_a_kill_at_any_line_leaves_a_whole_version_live(plan_day):
    plan_day(FIRST)
    plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    propose(SECOND, "Ada")

    run = subprocess.run(
        [sys.executable, "-c", KILL_AT_EVERY_LINE], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 25


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
        lake.replace_text(gate_path(SECOND), lake.to_json(verdict | wrong))
    before = live_files()

    with pytest.raises(GateError, match="run the plan gate for 2017-12-05"):
        publish(SECOND)

    assert live_files() == before


def test_a_plan_waits_for_its_approval_when_the_policy_asks_for_one(review_asked, plan_day):
    version = plan_day()
    assert propose(FIRST, "Ada")
    with pytest.raises(GateError, match="it is proposed"):
        publishing.publish(FIRST, "Ada")

    assert settle(version, Answer(True, "Grace", "go"))

    assert publishing.publish(FIRST, "Ada") == version
    assert history() == [("proposed", version), ("approved", version), ("publish", version)]
    assert review_of(version)["comment"] == "go"


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Answer(False, "Grace", "too deep"), "rejected"), (Answer(False, None), "expired")],
)
def test_without_a_yes_the_live_schedule_stays(review_asked, plan_day, answer, state):
    older = plan_day(FIRST)
    propose(FIRST, "Ada")
    settle(older, Answer(True, "Grace"))
    publishing.publish(FIRST, "Ada")
    newer = plan_day(SECOND, promo_price=8.99)
    propose(SECOND, "Ada")

    assert not settle(newer, answer)

    with pytest.raises(GateError, match=f"it is {state}"):
        publishing.publish(SECOND, "Ada")
    assert releases.current() == older


def test_what_the_policy_approves_is_recorded_as_such(plan_day):
    version = plan_day()

    assert not propose(FIRST, "Ada")

    review = review_of(version)
    assert (review["state"], review["by"], review["proposed_by"]) == (
        "approved",
        "policy.yml",
        "Ada",
    )


def test_an_approval_holds_for_the_same_files_and_no_others(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    settle(version, Answer(True, "Grace"))
    assert not propose(FIRST, "Ada")
    plan_day(subcategory="HERBAL TEA")  # another name on the same promotions

    assert propose(FIRST, "Ada")
    with pytest.raises(GateError, match="it is proposed"):
        publishing.publish(FIRST, "Ada")


def test_a_release_changed_after_its_approval_is_refused(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    settle(version, Answer(True, "Grace"))
    (settings().lake / "promotions/proposed" / version / "schedule.csv").write_text("else")

    with pytest.raises(LakeError, match=r"schedule\.csv"):
        publishing.publish(FIRST, "Ada")


def test_who_proposed_may_not_approve_where_the_policy_forbids_it(review_asked, plan_day):
    path = settings().policy_path
    path.write_text(path.read_text().replace("own_proposals: true", "own_proposals: false"))
    version = plan_day()
    propose(FIRST, "Ada")

    with pytest.raises(GateError, match="Ada proposed this"):
        settle(version, Answer(True, "Ada"))
    assert settle(version, Answer(True, "Grace"))


def test_an_answer_to_a_plan_made_again_since_is_refused(review_asked, plan_day):
    version = plan_day()
    propose(FIRST, "Ada")
    plan_day(promo_price=6.99)

    with pytest.raises(LakeError, match="planned again"):
        settle(version, Answer(True, "Grace"))


def test_an_older_version_can_be_put_back(plan_day):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    publish(SECOND)
    assert releases.current() == newer

    roll_back(older, "Ada")

    assert releases.current() == older
    assert history()[-1] == ("roll_back", older)


def test_a_changed_version_is_never_put_back(plan_day):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    publish(SECOND)
    with (releases.folder(older) / "schedule.csv").open("a") as schedule:
        schedule.write("one more row\n")

    with pytest.raises(LakeError, match=r"schedule\.csv"):
        roll_back(older, "Ada")

    assert releases.current() == newer


def test_rolling_back_to_an_unknown_version_names_the_known_ones(plan_day):
    version = plan_day()
    publish(FIRST)

    with pytest.raises(LakeError, match=version):
        roll_back("2016-01-01-00000000", "Ada")


def test_publishing_again_makes_an_older_version_live_without_writing_it(plan_day):
    older = plan_day(FIRST)
    publish(FIRST)
    written = (releases.folder(older) / "report.html").stat().st_mtime_ns
    plan_day(SECOND, promo_price=8.99)
    publish(SECOND)

    assert publish(FIRST) == older == releases.current()
    assert (releases.folder(older) / "report.html").stat().st_mtime_ns == written


def test_offers_reach_only_those_who_may_be_targeted_and_are_not_held_out(plan_day):
    plan_day()
    publish(FIRST)
    folder = settings().published / "current" / "offers"
    offers = pd.read_parquet(folder / "offers.parquet")
    people = pd.read_parquet(folder / "assignments.parquet").set_index("customer_id")

    held_out = set(people.index[people["is_held_out"]])
    assert "c0" not in people.index
    assert 0 < len(held_out) < len(people)
    assert set(offers["customer_id"]) == set(people.index) - held_out
    assert offers.groupby("customer_id")["offer_rank"].max().eq(2).all()
    assert set(offers["propensity"]) == {0.75}


def test_the_holdout_is_the_same_in_every_plan_and_near_its_share():
    people = pd.Series([f"customer-{k}" for k in range(20_000)])

    drawn = hold_out(people, 0.1).set_index("customer_id")["is_held_out"]

    assert drawn.mean() == pytest.approx(0.1, abs=0.01)
    assert hold_out(people[::-1], 0.1).set_index("customer_id")["is_held_out"].equals(drawn[::-1])


def test_the_feed_is_what_merchant_center_reads(plan_day):
    plan_day()
    publish(FIRST)
    text = (settings().published / "current" / "promotions.tsv").read_text()
    header, tea, cups = [line.split("\t") for line in text.splitlines()]

    assert tuple(header) == COLUMNS
    assert dict(zip(header, tea, strict=True)) == {
        "promotion_id": "100-20171204-percent_off",
        "product_applicability": "specific_products",
        "offer_type": "no_code",
        "long_title": "20% off Tea, 20 ct",
        "promotion_effective_dates": "2017-12-04T00:00:00-05:00/2017-12-10T23:59:59-05:00",
        "redemption_channel": "in_store, online",
        "coupon_value_type": "percent_off",
        "percent_off": "20",
        "buy_this_quantity": "",
        "get_this_quantity_discounted": "",
        "free_gift_item_id": "",
        "item_id": "100",
    }
    assert cups[3] == "20% off Cups, own brand"


def test_a_long_or_broken_name_still_fits_the_feed():
    row = {
        "promotion_id": "1",
        "product_id": "1",
        "mechanic": "percent_off",
        "depth": 0.29,
        "starts_at": pd.Timestamp("2018-07-02"),
        "ends_at": pd.Timestamp("2018-07-09"),
    }

    feed = merchant_feed(pd.DataFrame([row]), {"1": "tab\there " + "x" * 80}, "America/New_York")

    title, dates, percent = [feed.splitlines()[1].split("\t")[k] for k in (3, 4, 7)]
    assert len(title) == 60
    assert title.startswith("29% off tab here x")
    assert dates == "2018-07-02T00:00:00-04:00/2018-07-08T23:59:59-04:00"
    assert percent == "29"


def offer(mechanic, **terms):
    dates = {
        "starts_at": pd.Timestamp("2018-07-07 10:00"),
        "ends_at": pd.Timestamp("2018-07-07 16"),
    }
    return (
        {"promotion_id": "1", "product_id": "1", "mechanic": mechanic, "depth": 0.25}
        | dates
        | terms
    )


@pytest.mark.parametrize(
    ("row", "title", "value"),
    [
        (
            offer("buy_get", buy_qty=2.0, get_qty=1.0, get_depth=1.0),
            "Buy 2 get 1 free: Tea",
            ["buy_m_get_n_percent_off", "100", "2", "1", ""],
        ),
        (
            offer("buy_get", buy_qty=1.0, get_qty=1.0, get_depth=0.5),
            "Buy 1 get 1 at 50% off: Tea",
            ["buy_m_get_n_percent_off", "50", "1", "1", ""],
        ),
        (
            offer("gift", buy_qty=2.0, get_qty=1.0, gift_product_id="2"),
            "Free with 2: Cups: Tea",
            ["free_gift_with_item_id", "", "", "", "2"],
        ),
        (
            offer("spend_save", threshold_amount=30.0, discount_amount=1.5),
            "$1.50 off in a basket of $30.00: Tea",
            ["no_structured_data", "", "", "", ""],
        ),
        (
            offer("bundle", bundle_product_id="2"),
            "25% off with Cups: Tea",
            ["no_structured_data", "", "", "", ""],
        ),
        (offer("flash"), "25% off Tea", ["percent_off", "25", "", "", ""]),
    ],
)
def test_the_feed_tells_each_mechanic_in_its_own_attributes(row, title, value):
    feed = merchant_feed(pd.DataFrame([row]), {"1": "Tea", "2": "Cups"}, "America/New_York")

    cells = feed.splitlines()[1].split("\t")
    assert cells[3] == title
    assert cells[4] == "2018-07-07T10:00:00-04:00/2018-07-07T15:59:59-04:00"
    assert cells[6:11] == value
