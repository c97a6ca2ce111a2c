"""SQL that reads text as a contract's type, and keeps the text that cannot be.

What the mapping's author wrote freely, date formats and constants, is no part of the SQL: it is
read from DuckDB variables, which `variables` names.
"""

from ml.contracts.suites import UNREADABLE
from ml.contracts.table import Column, Table
from ml.sources.mapping import DEFAULTS, TableMapping, moment_and_day

OFFSET = r"(Z|[+-]\d\d(:?\d\d)?)$"
DATE_FORMAT = "date_format"


def variables(table: Table, mapped: TableMapping) -> dict[str, str]:
    """The values of the DuckDB variables that `select_list` reads, by name."""
    given = dict(mapped.constants)
    if mapped.date_format:
        given[DATE_FORMAT] = mapped.date_format
    return {f"{table.name}_{name}": value for name, value in given.items()}


def select_list(table: Table, mapped: TableMapping, timezone: str) -> str:
    """The contract's columns out of the mapped ones, and the evidence beside them."""
    terms = []
    for column in table.columns:
        value = _value(table, column, mapped, timezone)
        terms.append(f"{value} as {column.name}")
        if column.kind != "string" and (text := _text(table, column.name, mapped)):
            evidence = f"case when {value} is null then {text} end"
            terms.append(f"{evidence} as {column.name}{UNREADABLE}")
    return ", ".join(terms)


def _value(table: Table, column: Column, mapped: TableMapping, timezone: str) -> str:
    text = _text(table, column.name, mapped)
    if text:
        return _cast(table, column, text, mapped, timezone)
    if other := _other_of_pair(table, column.name, mapped):
        return _from_other(table, other, mapped, timezone)
    default = DEFAULTS.get(column.name)
    kinds = {"string": "varchar", "int64": "bigint", "bool": "boolean"}
    return (
        f"cast({'null' if default is None else default} as {kinds.get(column.kind, column.kind)})"
    )


def _text(table: Table, name: str, mapped: TableMapping) -> str:
    """The cell as trimmed text, null when empty; empty when the column is not mapped."""
    if name in mapped.constants:
        return f"getvariable('{table.name}_{name}')"
    if name in mapped.columns:
        quoted = mapped.columns[name].replace('"', '""')
        return f"""nullif(trim(cast("{quoted}" as varchar)), '')"""
    return ""


def _cast(table: Table, column: Column, text: str, mapped: TableMapping, timezone: str) -> str:
    number = f"try_cast(replace({text}, ',', '.') as double)"
    number = number if mapped.decimal == "," else f"try_cast({text} as double)"
    return {
        "string": text,
        "double": number,
        "int64": f"case when {number} = round({number}) then try_cast({number} as bigint) end",
        "bool": f"try_cast({text} as boolean)",
        "date": f"cast({_time(table, text, mapped)} as date)",
        "timestamp": _utc(table, text, mapped, timezone),
    }[column.kind]


def _time(table: Table, text: str, mapped: TableMapping) -> str:
    if mapped.date_format:
        return f"try_strptime({text}, getvariable('{table.name}_{DATE_FORMAT}'))"
    return f"try_cast({text} as timestamp)"


def _utc(table: Table, text: str, mapped: TableMapping, timezone: str) -> str:
    """A time that carries an offset as it says, any other as the shop's local time."""
    local = f"{_time(table, text, mapped)} at time zone '{timezone}' at time zone 'UTC'"
    if mapped.date_format:
        return local
    with_offset = f"try_cast({text} as timestamptz) at time zone 'UTC'"
    has_offset = f"regexp_matches(substr({text}, 11), '{OFFSET}')"
    return f"case when {has_offset} then {with_offset} else {local} end"


def _other_of_pair(table: Table, name: str, mapped: TableMapping) -> str:
    pair = moment_and_day(table)
    other = next((o for o in pair if o != name), "") if name in pair else ""
    return other if _text(table, other, mapped) else ""


def _from_other(table: Table, other: str, mapped: TableMapping, timezone: str) -> str:
    """The day of a moment, or the midnight that starts a day."""
    column = next(c for c in table.columns if c.name == other)
    time = _cast(table, column, _text(table, other, mapped), mapped, timezone)
    if column.kind == "timestamp":
        return f"cast({time} at time zone 'UTC' at time zone '{timezone}' as date)"
    return f"cast({time} as timestamp) at time zone '{timezone}' at time zone 'UTC'"
