"""What dbt enforces and what Python reads are the same tables."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.contracts import dbt_yml
from ml.contracts.dbt_yml import TYPES
from ml.contracts.marts import MARTS
from ml.contracts.sources import SOURCES
from ml.contracts.table import Table
from ml.settings import PROJECT

MODELS = PROJECT / "dbt_project" / "models"


def declared(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text())
    tables = found["models"] if "models" in found else found["sources"][0]["tables"]
    return {table["name"]: table for table in tables}


def test_the_marts_properties_are_those_of_the_contracts() -> None:
    assert dbt_yml.PROPERTIES.read_text(encoding="utf-8") == dbt_yml.properties(), (
        "write them again: make contracts"
    )


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_a_mart_has_its_contracts_columns_types_nulls_and_tests(mart: Table) -> None:
    model = yaml.safe_load(dbt_yml.properties())["models"][MARTS.index(mart)]

    columns = [
        (c["name"], c["data_type"], {"type": "not_null"} not in c.get("constraints", []))
        for c in model["columns"]
    ]
    references = {
        c["name"]: (arguments["to"], arguments["field"])
        for c in model["columns"]
        for test in c.get("data_tests", [])
        if (arguments := test["relationships"]["arguments"])
    }

    assert columns == [(c.name, TYPES[c.kind], c.nullable) for c in mart.columns]
    assert references == {
        name: (f"ref('{table}')", field) for name, (table, field) in mart.known_in.items()
    }
    assert model["data_tests"] == [
        {"unique_key": {"arguments": {"columns": list(mart.key)}}},
        *({"holds": {"arguments": {"condition": sql}}} for sql in mart.row_conditions),
    ]


def test_every_mart_is_exported_and_states_its_grain() -> None:
    models = declared(MODELS / "marts" / "_marts__models.yml")

    assert set(models) == {mart.name for mart in MARTS}
    assert {p.stem for p in (MODELS / "marts").glob("*.sql")} == set(models)
    for name, model in models.items():
        assert "One row per" in model["description"], name


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_has_its_contracts_columns_and_types(source: Table) -> None:
    table = declared(MODELS / "staging" / "_staging__sources.yml")[source.name]
    meta = table["config"]["meta"]

    columns = [(c["name"], c["data_type"]) for c in table["columns"]]

    assert columns == [(c.name, TYPES[c.kind]) for c in source.columns]
    assert (meta["partition"], meta["required"]) == (source.partition, source.required)
