"""mapping.yml: which of a retailer's files and columns are which table and column here."""

from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from ml.config.documents import Document, read_document
from ml.contracts.sources import SOURCES
from ml.contracts.table import Column, Table
from ml.errors import PolicyError, SourceError

TABLES = {table.name: table for table in SOURCES}
DEFAULTS = {"shelf_discount": None, "coupon_discount": 0.0, "coupon_match_discount": 0.0}


class TableMapping(Document):
    """One table: its files, how they are written, and the source's name of each column."""

    files: str = Field(min_length=1)
    columns: dict[str, str]
    constants: dict[str, str] = Field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = Field(".", pattern=r"^[.,]$")
    date_format: str | None = None


class Mapping(Document):
    timezone: str
    tables: dict[str, TableMapping]

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("not a timezone; write one such as Europe/Berlin")
        return str(ZoneInfo(name))

    @model_validator(mode="after")
    def _names_what_exists(self) -> "Mapping":
        if unknown := sorted(set(self.tables) - set(TABLES)):
            raise ValueError(f"tables {unknown} are not known; choose from {sorted(TABLES)}")
        required = {table.name for table in SOURCES if table.required}
        if missing := sorted(required - set(self.tables)):
            raise ValueError(f"tables {missing} are required and not mapped")
        for name, mapped in self.tables.items():
            _check_columns(TABLES[name], mapped)
        return self


def load_mapping(folder: Path) -> Mapping:
    """The mapping in `folder`.

    Raises:
        SourceError: the folder or its mapping.yml is missing, or a table or column in it is.
    """
    path = folder / "mapping.yml"
    if not path.is_file():
        raise SourceError(f"{path} is missing; write one as docs/your-own-data.md shows")
    try:
        return read_document(path, Mapping)
    except PolicyError as error:
        raise SourceError(str(error)) from error


def derivable(table: Table, column: Column, given: set[str]) -> bool:
    """Whether a column that is not given follows from another, or has a default."""
    if column.nullable or (table.name == "transactions" and column.name in DEFAULTS):
        return True
    pair = moment_and_day(table)
    return column.name in pair and bool(given & set(pair))


def moment_and_day(table: Table) -> tuple[str, ...]:
    """The table's time and its business day, either of which gives the other."""
    moments = [c.name for c in table.columns if c.kind == "timestamp"]
    return (moments[0], table.day_column) if moments and table.day_column else ()


def _check_columns(table: Table, mapped: TableMapping) -> None:
    given = set(mapped.columns) | set(mapped.constants)
    if unknown := sorted(given - set(table.column_names)):
        raise ValueError(f"{table.name} has no columns {unknown}; it has {table.column_names}")
    missing = [
        c.name for c in table.columns if c.name not in given and not derivable(table, c, given)
    ]
    if missing:
        raise ValueError(f"{table.name}: columns {missing} are required and not mapped")
