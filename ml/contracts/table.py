"""The words a contract is written in."""

from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

Kind = Literal["string", "int64", "double", "money", "date", "timestamp", "bool", "factors"]

ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "money": pa.decimal128(18, 2),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "bool": pa.bool_(),
    "factors": pa.list_(pa.float32()),
}


@dataclass(frozen=True)
class Column:
    """One column; `minimum` and `maximum` are inclusive, `above` is strict."""

    name: str
    kind: Kind
    description: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the lake.

    `partition` is `day` (landed events: one partition a business day) or `as_of` (one
    partition a run). `known_in` names the table and column a value must be found in.
    `row_conditions` are SQL that holds of every row of a mart, `as_of` being the run's date.
    `bad_share` is the largest share of a batch's rows that may go to quarantine.
    """

    name: str
    layer: Literal["landing", "marts", "affinity", "demand", "inventory", "promotions"]
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: Literal["day", "as_of"] = "as_of"
    day_column: str = ""
    required: bool = True
    known_in: dict[str, tuple[str, str]] = field(default_factory=dict)
    bad_share: float = 0.0
    minimum_rows: int = 1
    description: str = ""
    row_conditions: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        return f"lake://{self.layer}/{self.name}"

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            [pa.field(c.name, ARROW[c.kind], nullable=c.nullable) for c in self.columns]
        )
