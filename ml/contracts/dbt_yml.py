"""dbt's properties of the marts, written from the contracts: `make contracts`.

dbt creates each mart with these columns, types and nulls, or fails, and tests its key, its row
conditions and that its ids are those of the dimensions.
"""

from pathlib import Path
from typing import Any

import yaml

from ml.contracts.marts import MARTS
from ml.contracts.table import Column, Table
from ml.settings import PROJECT

PROPERTIES = PROJECT / "dbt_project" / "models" / "marts" / "_marts__models.yml"

TYPES = {
    "string": "varchar",
    "int64": "bigint",
    "double": "double",
    "money": "decimal(18, 2)",
    "date": "date",
    "timestamp": "timestamp",
    "bool": "boolean",
}

OPENING = """\
# Written by `make contracts` from ml/contracts; a test fails when the two differ.
models:
"""


def properties() -> str:
    """The yml of all marts; each column and each test is one line of flow style."""
    return OPENING + "\n".join(_model(mart) for mart in MARTS)


def _model(mart: Table) -> str:
    lines = [
        f"  - name: {mart.name}",
        f"    description: {_flow(f'{mart.description} {mart.grain}')}",
        "    data_tests:",
        *(f"      - {_flow(test)}" for test in _tests(mart)),
        "    columns:",
        *(f"      - {_flow(_column(mart, column))}" for column in mart.columns),
    ]
    return "\n".join(lines) + "\n"


def _tests(mart: Table) -> list[dict[str, Any]]:
    conditions = [{"condition": condition} for condition in mart.row_conditions]
    return [
        {"unique_key": {"arguments": {"columns": list(mart.key)}}},
        *({"holds": {"arguments": condition}} for condition in conditions),
    ]


def _column(mart: Table, column: Column) -> dict[str, Any]:
    written: dict[str, Any] = {"name": column.name, "data_type": TYPES[column.kind]}
    if column.description:
        written["description"] = column.description
    if not column.nullable:
        written["constraints"] = [{"type": "not_null"}]
    if column.name in mart.known_in:
        table, field = mart.known_in[column.name]
        arguments = {"to": f"ref('{table}')", "field": field}
        written["data_tests"] = [{"relationships": {"arguments": arguments}}]
    return written


def _flow(value: object) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"))
    return text.removesuffix("...\n").rstrip("\n")


def write(path: Path = PROPERTIES) -> None:
    path.write_text(properties(), encoding="utf-8")


if __name__ == "__main__":
    write()
