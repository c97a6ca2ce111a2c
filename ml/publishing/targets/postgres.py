"""A schedule in PostgreSQL: every version's rows, and a view of the live one.

promo_schedule            the rows of every version that was prepared
promo_schedule_switches   which version went live, when: the last row counts
promo_schedule_current    the view that shops read

A change inserts one row into promo_schedule_switches. Readers of the view see the old version or
the new one and wait for nothing; the rows came in a transaction of their own, before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pyarrow as pa
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from ml.contracts.table import ARROW
from ml.errors import TargetError
from ml.publishing.targets.target import Release
from ml.releases.schedule import schedule_table

TABLE = sql.Identifier("promo_schedule")
TYPES = {
    ARROW["string"]: "text",
    ARROW["int64"]: "bigint",
    ARROW["double"]: "double precision",
    ARROW["money"]: "numeric(18, 2)",
    ARROW["date"]: "date",
    ARROW["timestamp"]: "timestamp",
    ARROW["bool"]: "boolean",
}
CREATE = """
    create table promo_schedule (
        plan_version text, promotion_id text, primary key (plan_version, promotion_id)
    );
    create table promo_schedule_switches (
        id bigint generated always as identity primary key,
        plan_version text,
        switched_at timestamptz not null default now()
    );
"""
LIVE = "select plan_version from promo_schedule_switches order by id desc limit 1"
VIEW = f"""
    create or replace view promo_schedule_current as
    select schedule.* from promo_schedule as schedule where schedule.plan_version = ({LIVE})
"""
COLUMNS = """
    select column_name from information_schema.columns
    where table_schema = current_schema() and table_name = 'promo_schedule'
"""
SESSION: dict[str, str] = {"connect_timeout": "10", "application_name": "promoloop"}
LIMITS = "set lock_timeout = '20s'; set statement_timeout = '10min'"

twice_more = retry(
    retry=retry_if_exception_type(psycopg.OperationalError),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.5, max=5),
    reraise=True,
)


class Postgres:
    name = "postgres"

    def __init__(self, url: str) -> None:
        try:
            self._connection = make_conninfo(url, **SESSION)
        except psycopg.ProgrammingError:
            raise TargetError(
                "PROMOLOOP_POSTGRES_URL is no connection URL of PostgreSQL; expected "
                "postgresql://user@host:port/database, with the password in it or in ~/.pgpass"
            ) from None

    def live(self) -> str | None:
        with _target_errors():
            return self._live()

    def prepare(self, release: Release) -> None:
        rows = schedule_table(release.folder)
        with _target_errors():
            self._load(rows, release.version)

    def flip(self, version: str | None, move: int) -> None:
        with _target_errors():
            self._switch(version)

    @twice_more
    def _live(self) -> str | None:
        with self._session() as session:
            return _last(session)

    @twice_more
    def _load(self, rows: pa.Table, version: str) -> None:
        with self._session() as session:
            _shape(session, rows.schema)
            session.execute("delete from promo_schedule where plan_version = %s", [version])
            names = sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
            into = sql.SQL("copy {} ({}) from stdin").format(TABLE, names)
            with session.cursor().copy(into) as copy:
                for batch in rows.to_batches(10_000):
                    for row in batch.to_pylist():
                        copy.write_row(list(row.values()))

    @twice_more
    def _switch(self, version: str | None) -> None:
        with self._session() as session:
            if _last(session) != version:
                session.execute(
                    "insert into promo_schedule_switches (plan_version) values (%s)", [version]
                )

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection]:
        """One transaction: committed at the end, rolled back by an error."""
        with psycopg.connect(self._connection) as session:
            session.execute(LIMITS)
            yield session


def _last(session: psycopg.Connection) -> str | None:
    if session.execute("select to_regclass('promo_schedule_switches')").fetchone() == (None,):
        return None
    row = session.execute(LIVE).fetchone()
    return row[0] if row else None


def _shape(session: psycopg.Connection, schema: pa.Schema) -> None:
    """Make the tables where they are missing; a column that a release brings new is added last.

    Once made, this needs no right to create anything.
    """
    there = {name for (name,) in session.execute(COLUMNS)}
    if not there:
        session.execute(CREATE)
        there = {name for (name,) in session.execute(COLUMNS)}
    missing = [field for field in schema if field.name not in there]
    for field in missing:
        session.execute(
            sql.SQL("alter table {} add column {} {}").format(
                TABLE, sql.Identifier(field.name), sql.SQL(TYPES[field.type])
            )
        )
    if missing:
        session.execute(VIEW)


@contextmanager
def _target_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        text = " ".join(str(error).split())
        raise TargetError(f"PostgreSQL: {text}") from error
