"""The gate between the warehouse and the models: the marts, whole, with no bad row allowed."""

import logging
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.marts import FCT_BASKETS, FCT_PRODUCT_WEEKS, MARTS
from ml.contracts.suites import table_suite
from ml.contracts.table import Table
from ml.errors import GateError
from ml.gates.closed_days import closed_days
from ml.gates.frames import as_frame
from ml.gates.validation import Validation
from ml.weeks import monday_of

log = logging.getLogger(__name__)

LEAST_SHARE_OF_BEFORE = 0.5
QUIET_DAYS = 3
NEWEST_WEEKS = 8


def gate_marts(as_of: date) -> None:
    """Validate the marts exported for `as_of`.

    Raises:
        GateError: a rule of a contract is broken, a mart lost half its rows, or the newest
            week or sale is too old.
    """
    validation = Validation("marts", as_of)
    try:
        for table in MARTS:
            rows = _rows(table, as_of)
            validation.check(as_frame(rows), table_suite(table))
            _check_volume(table, as_of)
            log.info("%s: %s rows keep the contract", table.name, len(rows))
    finally:
        validation.publish()
    _check_newest_week(as_of)
    _check_newest_sale(as_of)


def _rows(table: Table, as_of: date) -> pa.Table:
    """The mart, of which older weeks are read only when no earlier run's gate saw them."""
    seen = table is FCT_PRODUCT_WEEKS and any(day < as_of for day in lake.partitions(table))
    newest = pc.field("week_start_date") >= as_of - timedelta(weeks=NEWEST_WEEKS)
    wanted = newest if seen else None
    return pa.concat_tables(
        [pq.read_table(path, filters=wanted) for path in lake.files(table, as_of)]
    )


def _check_volume(table: Table, as_of: date) -> None:
    before = [day for day in lake.partitions(table) if day < as_of]
    if not before:
        return
    rows, were = lake.manifest(table, as_of).rows, lake.manifest(table, before[-1]).rows
    if rows < LEAST_SHARE_OF_BEFORE * were:
        raise GateError(
            f"{table.uri}: {rows} rows on {as_of} after {were} on {before[-1]}; at least "
            f"{LEAST_SHARE_OF_BEFORE:.0%} of them were expected. Look for a batch that landed "
            "short, or delete the older partition when the drop is right"
        )


def _check_newest_week(as_of: date) -> None:
    complete = monday_of(as_of) - timedelta(days=7)
    newest = lake.read(FCT_PRODUCT_WEEKS, as_of, ["week_start_date"])["week_start_date"].max()
    if newest != complete:
        raise GateError(
            f"{FCT_PRODUCT_WEEKS.uri}: the newest week starts on {newest}; for as-of {as_of} "
            f"the last complete week, {complete}, was expected. Land the missing days and "
            "build the marts again"
        )


def _check_newest_sale(as_of: date) -> None:
    newest = lake.read(FCT_BASKETS, as_of, ["sold_on"])["sold_on"].max()
    days = [newest + timedelta(n) for n in range(1, (as_of - newest).days)]
    quiet = len(set(days) - closed_days(days, as_of))
    if newest >= as_of or quiet > QUIET_DAYS:
        raise GateError(
            f"{FCT_BASKETS.uri}: the newest sale is of {newest}; for as-of {as_of} one within "
            f"{QUIET_DAYS} open days before it was expected. Land the missing days and build "
            "the marts again"
        )
