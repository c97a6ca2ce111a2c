"""Great Expectations suites made from the contracts, so that a rule is written once.

Each expectation's `meta` carries the column and the rule's name; gates report by them.
"""

import logging
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from ml.contracts.sources import MAXIMUM_UNIT_PRICE, TRANSACTIONS
from ml.contracts.table import Column, Table

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

UNREADABLE = "_unreadable"
UNKNOWN = "_unknown"
UNIT_PRICE = "unit_price"


@dataclass(frozen=True)
class Rule:
    """One expectation: its Great Expectations type, its arguments, its name here."""

    expectation: str
    column: str
    name: str
    arguments: dict[str, Any]


def landing_suite(
    table: Table, received: Collection[str], start: date | None, end: date
) -> "ExpectationSuite":
    """What a landed batch of the business days [start, end) must satisfy.

    `received` are the batch's columns. `start` is None for the first batch, which may hold
    what was dated before the source's first day.
    """
    return _suite(f"landing.{table.name}", landing_rules(table, received, start, end))


def table_suite(table: Table, more: Collection[Rule] = ()) -> "ExpectationSuite":
    """What a whole table between two stages must satisfy, and `more`."""
    return _suite(f"{table.layer}.{table.name}", [*whole_rules(table), *more])


def whole_rules(table: Table) -> list[Rule]:
    return [*_volume(table), *_columns(table), *_key(table)]


def landing_rules(
    table: Table, received: Collection[str], start: date | None, end: date
) -> list[Rule]:
    return [
        *_evidence(table, received),
        *_columns(table),
        *_key(table),
        *_days(table, start, end),
        *_prices(table),
    ]


def _suite(name: str, rules: list[Rule]) -> "ExpectationSuite":
    gx = great_expectations()
    expectations = []
    for rule in rules:
        meta = {"column": rule.column, "rule": rule.name}
        expectations.append(getattr(gx.expectations, rule.expectation)(meta=meta, **rule.arguments))
    return gx.ExpectationSuite(name=name, expectations=expectations)


def great_expectations() -> Any:
    """The library, configured before its import to send nothing out and to log less."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").propagate = False
    import great_expectations as gx

    return gx


def _evidence(table: Table, received: Collection[str]) -> Iterator[Rule]:
    """Columns that hold a bad value where there is one, and are empty otherwise."""
    for column in table.columns:
        evidence = column.name + UNREADABLE
        if evidence in received:
            yield Rule(
                "ExpectColumnValuesToBeNull",
                column.name,
                f"wrong type: not a {column.kind}",
                {"column": evidence},
            )
    for name, (known, _) in table.known_in.items():
        yield Rule(
            "ExpectColumnValuesToBeNull", name, f"not in {known}", {"column": name + UNKNOWN}
        )


def _volume(table: Table) -> Iterator[Rule]:
    yield Rule(
        "ExpectTableRowCountToBeBetween",
        "",
        f"fewer than {table.minimum_rows} rows",
        {"min_value": table.minimum_rows},
    )


def _columns(table: Table) -> Iterator[Rule]:
    for column in table.columns:
        name = column.name
        if not column.nullable:
            yield Rule("ExpectColumnValuesToNotBeNull", name, "null", {"column": name})
        if column.allowed:
            values = {"column": name, "value_set": list(column.allowed)}
            allowed = ", ".join(column.allowed)
            yield Rule("ExpectColumnValuesToBeInSet", name, f"not one of {allowed}", values)
        if bounds := _bounds(column):
            yield Rule(
                "ExpectColumnValuesToBeBetween",
                name,
                _bounds_name(column),
                {"column": name} | bounds,
            )


def _bounds(column: Column) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    if column.above is not None:
        bounds |= {"min_value": column.above, "strict_min": True}
    elif column.minimum is not None:
        bounds |= {"min_value": column.minimum}
    if column.maximum is not None:
        bounds |= {"max_value": column.maximum}
    return bounds


def _bounds_name(column: Column) -> str:
    limits = {"not above": column.above, "below": column.minimum, "above": column.maximum}
    return " or ".join(f"{word} {limit:g}" for word, limit in limits.items() if limit is not None)


def _key(table: Table) -> Iterator[Rule]:
    key = ", ".join(table.key)
    if len(table.key) == 1:
        yield Rule("ExpectColumnValuesToBeUnique", key, "duplicate key", {"column": key})
        return
    yield Rule(
        "ExpectCompoundColumnsToBeUnique",
        key,
        "duplicate key",
        {"column_list": list(table.key), "ignore_row_if": "never"},
    )


def _days(table: Table, start: date | None, end: date) -> Iterator[Rule]:
    if not table.day_column:
        return
    bounds: dict[str, Any] = {"max_value": datetime.combine(end, time()), "strict_max": True}
    name = f"not before the as-of date {end}"
    if start:
        bounds |= {"min_value": datetime.combine(start, time())}
        name = f"outside the batch's days from {start} to before {end}"
    yield Rule(
        "ExpectColumnValuesToBeBetween",
        table.day_column,
        name,
        {"column": table.day_column} | bounds,
    )


def _prices(table: Table) -> Iterator[Rule]:
    if table is TRANSACTIONS:
        yield Rule(
            "ExpectColumnValuesToBeBetween",
            "net_sales",
            f"impossible price: above {MAXIMUM_UNIT_PRICE:g} an item",
            {"column": UNIT_PRICE, "max_value": MAXIMUM_UNIT_PRICE},
        )
