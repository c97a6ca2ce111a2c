"""The schedule in a real PostgreSQL: whole, swapped at once, every version kept."""

import threading
import traceback
from datetime import date, datetime

import psycopg
import pyarrow.parquet as pq
import pytest

from ml.errors import PolicyError, TargetError
from ml.publishing.publish import roll_back
from ml.publishing.targets.postgres import Postgres
from ml.publishing.targets.target import Release
from ml.releases import store

FIRST, SECOND = date(2017, 12, 4), date(2017, 12, 5)


@pytest.fixture
def two_days(plan_day, publish, postgres):
    older, newer = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    publish(SECOND)
    return older, newer


def rows(url, query):
    with psycopg.connect(url) as session:
        return session.execute(query).fetchall()


def test_the_view_holds_every_column_of_the_live_schedule_as_it_was_planned(
    plan_day, publish, postgres
):
    version = plan_day()
    publish(FIRST)

    with psycopg.connect(postgres) as session:
        cursor = session.execute("select * from promo_schedule_current order by promotion_id")
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor]

    planned = pq.read_table(store.folder(version) / "schedule.parquet").to_pylist()
    assert found == planned
    assert found[0]["starts_at"] == datetime(2017, 12, 4)  # noqa: DTZ001 - the shop's own time


def test_a_publication_and_a_roll_back_move_the_view_and_keep_every_version(
    two_days, postgres, read_view, live_everywhere
):
    older, newer = two_days
    assert live_everywhere(postgres) == newer

    roll_back(older, "Ada")

    assert live_everywhere(postgres) == older
    assert {price for _, price in read_view(postgres).values()} == {7.99}
    kept = "select plan_version, count(*) from promo_schedule group by 1 order by 1"
    assert rows(postgres, kept) == [(older, 2), (newer, 2)]
    moves = "select plan_version from promo_schedule_switches order by id"
    assert rows(postgres, moves) == [(older,), (newer,), (older,)]


def test_publishing_the_live_version_again_changes_nothing(two_days, publish, postgres):
    publish(SECOND)

    assert rows(postgres, "select count(*) from promo_schedule_switches") == [(2,)]
    assert rows(postgres, "select count(*) from promo_schedule_current") == [(2,)]


def test_a_reader_sees_one_whole_version_during_every_change(two_days, postgres, read_view):
    seen, done = [], threading.Event()

    def read():
        with psycopg.connect(postgres, autocommit=True) as session:
            query = "select plan_version, promo_price from promo_schedule_current"
            while not done.is_set():
                seen.append(tuple(session.execute(query).fetchall()))

    reader = threading.Thread(target=read)
    reader.start()
    target = Postgres(postgres)
    for move, version in enumerate(two_days * 10):
        target.prepare(Release(version, store.folder(version), move))
        target.flip(version, move)
    done.set()
    reader.join()

    older, newer = two_days
    assert set(seen) == {((older, 7.99),) * 2, ((newer, 8.99),) * 2}
    assert len(seen) > 40


def test_a_column_that_a_later_release_brings_is_added_behind_the_others(two_days, postgres):
    older, newer = two_days
    with psycopg.connect(postgres) as session:
        session.execute("drop view promo_schedule_current")
        session.execute("alter table promo_schedule drop column promo_price")
        session.execute("create view promo_schedule_current as select * from promo_schedule")

    Postgres(postgres).prepare(Release(older, store.folder(older), 9))

    prices = "select plan_version, promo_price from promo_schedule order by 1, 2"
    assert rows(postgres, prices) == [(older, 7.99)] * 2 + [(newer, None)] * 2
    assert set(rows(postgres, "select plan_version from promo_schedule_current")) == {(newer,)}


def test_a_role_without_the_right_to_create_publishes_once_the_tables_are_there(
    plan_day, publish, postgres, choose, live_everywhere
):
    plan_day(FIRST)
    publish(FIRST)
    newer = plan_day(SECOND, promo_price=8.99)
    with psycopg.connect(postgres) as session:
        session.execute("create role planner login")
        session.execute("grant select, insert, delete on promo_schedule to planner")
        session.execute("grant select, insert on promo_schedule_switches to planner")
    choose(postgres_url=postgres.replace("postgres:@", "planner:@"))

    publish(SECOND)

    assert live_everywhere(postgres) == newer


def test_a_database_that_does_not_answer_leaves_everything_as_it_was(
    plan_day, publish, postgres, choose
):
    older, _ = plan_day(FIRST), plan_day(SECOND, promo_price=8.99)
    publish(FIRST)
    choose(postgres_url="postgresql://ada:s3cret@127.0.0.1:1/shop")

    with pytest.raises(TargetError, match="target postgres could not be prepared") as error:
        publish(SECOND)

    assert store.current() == older
    assert "Every target stays as it was" in str(error.value)
    assert "s3cret" not in "".join(traceback.format_exception(error.value))


def test_a_url_that_is_none_is_refused_without_being_repeated(choose, plan_day, publish):
    choose(targets="files,postgres", postgres_url="my s3cret database")
    plan_day()

    with pytest.raises(TargetError, match="PROMOLOOP_POSTGRES_URL is no connection") as error:
        publish(FIRST)

    assert "s3cret" not in "".join(traceback.format_exception(error.value))


def test_a_target_without_its_setting_says_which_one_to_set(choose, plan_day, publish):
    choose(targets="files,postgres")
    plan_day()

    with pytest.raises(PolicyError, match="PROMOLOOP_POSTGRES_URL is empty"):
        publish(FIRST)
