"""dbt's layers, read from the SQL of the models: each reads those before it, by import CTEs."""

import re
from pathlib import Path

import pytest

from ml.contracts.dbt_vars import VARS
from ml.settings import PROJECT

DBT = PROJECT / "dbt_project"
ORDER = ["seeds", "staging", "intermediate", "marts"]  # a layer reads those before it
READ_THEMSELVES = {"intermediate", "marts"}
PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("dim_", "fct_", "agg_")}

MODELS = sorted((DBT / "models").rglob("*.sql"))
SQL = [*MODELS, *sorted((DBT / "macros").rglob("*.sql"))]

REF = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")
SOURCE = re.compile(r"source\(")
VAR = re.compile(r"(?<!_)var\(\s*['\"](\w+)['\"]")
IMPORT = re.compile(r"^(\w+) as \(\n\n    select \* from \{\{ (?:ref|source)\(.+\) \}\}$", re.M)
CTE = re.compile(r"^(\w+) as \(", re.M)
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
PLAIN = {"0", "1", "2", "7"}  # nothing, one, halving, days of a week
IGNORED = re.compile(r"decimal\(\d+, \d+\)|'[^']*'|--.*")


def layer(path: Path) -> str:
    return path.relative_to(DBT / "models").parts[0]


def layer_of(name: str) -> str:
    layers = {path.stem: layer(path) for path in MODELS}
    return layers.get(name) or "seeds" * (DBT / "seeds" / f"{name}.csv").is_file()


def read_by(of: str) -> set[str]:
    return set(ORDER[: ORDER.index(of)]) | ({of} & READ_THEMSELVES)


def ids(path: Path) -> str:
    return path.stem


def test_every_model_lies_in_a_layer_and_is_named_by_it() -> None:
    assert {layer(path) for path in MODELS} == set(PREFIXES)
    assert [p.stem for p in MODELS if not p.stem.startswith(PREFIXES[layer(p)])] == []


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_a_model_reads_no_later_layer(model: Path) -> None:
    refs = {name: layer_of(name) for name in REF.findall(model.read_text())}

    assert {name: of for name, of in refs.items() if of not in read_by(layer(model))} == {}


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_only_staging_reads_sources(model: Path) -> None:
    assert bool(SOURCE.search(model.read_text())) == (layer(model) == "staging")


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_a_model_imports_first_and_ends_with_its_last_cte(model: Path) -> None:
    sql = model.read_text()
    imports, ctes = IMPORT.findall(sql), CTE.findall(sql)

    assert len(imports) == len(REF.findall(sql)) + len(SOURCE.findall(sql))
    assert imports == ctes[: len(imports)]
    assert sql.endswith(f"\nselect * from {ctes[-1]}\n")


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_a_models_numbers_are_vars(model: Path) -> None:
    assert set(NUMBER.findall(IGNORED.sub("", model.read_text()))) <= PLAIN


def test_every_var_is_used() -> None:
    used = {name for path in SQL for name in VAR.findall(path.read_text())}

    assert used == set(VARS)
