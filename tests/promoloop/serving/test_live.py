import json
import shutil
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from ml import lake
from ml.erasure import forget_customer
from ml.errors import LakeError
from ml.publishing.publish import roll_back
from ml.releases import store
from promoloop.serving.live import Live
from promoloop.serving.schedule import load

FIRST, SECOND = "2017-12-04-aaaaaaaa", "2017-12-05-bbbbbbbb"
NEW_YORK = ZoneInfo("America/New_York")


def prices(schedule) -> set[float]:
    return {row["promo_price"] for k in (100, 101, 102) for row in schedule.of_product(str(k))}


def test_a_version_is_served_whole_and_in_order(live):
    schedule = live.state.schedule

    assert (schedule.version, schedule.lines) == (FIRST, 6)
    assert [row["promotion_id"] for row in schedule.of_product("101")] == [
        "101-20171204-percent_off",
        "101-20171211-percent_off",
    ]
    assert schedule.of_product("999") == schedule.of_product("") == []
    assert [offer["product_id"] for offer in schedule.of_customer("c1")] == ["102", "101", "100"]
    assert schedule.of_customer("c1")[0]["promotion"] == schedule.of_product("102")[0]


def test_what_a_shopper_may_not_know_stays_in_the_release(live):
    columns = {name for row in live.state.schedule.of_product("100") for name in row}

    assert columns & {"unit_cost", "incremental_margin", "reasons", "cost", "roi"} == set()


def test_a_promotion_ends_before_its_last_instant(live):
    def at(*moment: int) -> str | None:
        when = datetime(*moment, tzinfo=NEW_YORK)
        found = live.state.schedule.in_force("100", when, NEW_YORK)
        return found and found.promotion_id

    assert at(2017, 12, 3, 23, 59, 59) is None
    assert at(2017, 12, 4) == at(2017, 12, 10, 23, 59, 59) == "100-20171204-percent_off"
    assert at(2017, 12, 11) == "100-20171211-percent_off"
    assert at(2017, 12, 18) is None


def test_a_publication_and_a_roll_back_are_taken_up_at_the_next_look(live):
    before = live.state.schedule

    roll_back(SECOND, "Ada")
    assert live.state.schedule is before
    live.refresh()
    assert live.state.schedule.version == SECOND
    assert prices(live.state.schedule) == {8.99}
    assert prices(before) == {7.99}  # a request that began with it ends with it

    roll_back(FIRST, "Ada")
    live.refresh()
    assert (live.state.schedule.version, live.state.problem) == (FIRST, "")


def test_the_same_version_is_not_read_again(live):
    before = live.state.schedule

    live.refresh()

    assert live.state.schedule is before


def test_a_customer_who_is_forgotten_is_gone_at_the_next_look(live):
    assert len(live.state.schedule.of_customer("c1")) == 3

    forget_customer("c1", "Ada")
    live.refresh()

    assert (live.state.schedule.version, live.state.problem) == (FIRST, "")
    assert live.state.schedule.of_customer("c1") == []
    assert prices(live.state.schedule) == {7.99}


def cut_short(folder):
    path = folder / "schedule.parquet"
    path.write_bytes(path.read_bytes()[:-40])


def one_bit(folder):
    path = folder / "offers/offers.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def another_price(folder):
    """A file that can be read, and says what nobody approved."""
    path = folder / "schedule.parquet"
    pd.read_parquet(path).assign(promo_price=0.99).to_parquet(path)


def no_manifest(folder):
    (folder / lake.MANIFEST).unlink()


def half_a_manifest(folder):
    path = folder / lake.MANIFEST
    path.write_text(path.read_text()[:50])


def no_offers(folder):
    shutil.rmtree(folder / "offers")


def unnamed_file(folder):
    path = folder / lake.MANIFEST
    path.write_text(json.dumps({"plan_version": folder.name, "files": []}))


@pytest.mark.parametrize(
    "spoil",
    [cut_short, one_bit, another_price, no_manifest, half_a_manifest, no_offers, unnamed_file],
)
def test_a_spoilt_version_leaves_the_last_good_one_until_it_is_mended(live, shelve, spoil):
    spoil(store.folder(SECOND))
    store.point_at(SECOND)

    live.refresh()

    assert live.state.schedule.version == FIRST
    assert prices(live.state.schedule) == {7.99}
    assert live.state.problem

    shelve(SECOND, 8.99)
    live.refresh()
    assert (live.state.schedule.version, live.state.problem) == (SECOND, "")


def test_a_release_with_another_plans_lines_is_refused(shelve, lines):
    torn = pd.concat([lines(FIRST, 7.99).iloc[:4], lines(SECOND, 8.99).iloc[4:]])
    shelve(FIRST, lines=torn)

    with pytest.raises(LakeError, match=f"holds lines of plan {SECOND}"):
        load(FIRST)


def test_two_promotions_of_a_product_at_one_time_are_refused(shelve, lines):
    longer = lines(FIRST, 7.99)
    longer.loc[2, "ends_at"] += pd.Timedelta(hours=1)
    shelve(FIRST, lines=longer)

    with pytest.raises(LakeError, match="two promotions of product 101 at one time"):
        load(FIRST)


def test_a_release_of_an_older_contract_is_refused_by_its_columns(shelve):
    folder = shelve(FIRST)
    path = folder / "schedule.parquet"
    pd.read_parquet(path).drop(columns=["bundle_id"]).to_parquet(path)
    manifest = json.loads((folder / lake.MANIFEST).read_text())
    manifest["files"] = [{"name": n, "sha256": d} for n, d in store.digests(folder).items()]
    (folder / lake.MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(LakeError, match=r"lacks the columns \['bundle_id'\]"):
        load(FIRST)


def test_before_anything_is_published_nothing_is_served(home):
    live = Live()

    live.refresh()

    assert live.state.schedule is None
    assert "nothing is published" in live.state.problem


def test_a_schedule_without_a_line_is_a_schedule(shelve, lines):
    shelve(FIRST, lines=lines(FIRST, 7.99).iloc[:0])

    schedule = load(FIRST)

    assert (schedule.lines, schedule.of_product("100"), schedule.of_customer("c1")) == (0, [], [])
