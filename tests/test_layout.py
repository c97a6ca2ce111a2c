"""The layer rules of docs/architecture.md, read from the code."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.layout import (
    ORDER,
    TOPS,
    Graph,
    import_graph,
    longest_chains,
    measure,
    modules,
    place_of,
)
from ml.settings import PROJECT

MAY_IMPORT = {
    "ml": {"ml"},
    "spark_jobs": {"ml", "spark_jobs"},
    "promoloop": {"ml", "promoloop", "spark_jobs"},
    "dags": {"ml", "spark_jobs", "dags", "orchestration"},
    "orchestration": {"ml", "spark_jobs", "orchestration"},
    "benchmarks": {"ml", "spark_jobs", "promoloop", "benchmarks"},
}
WIDEST = 20  # modules flat in one folder
LARGEST = 0.15  # of all code, in one folder without those below it


@pytest.fixture(scope="module")
def graph() -> Graph:
    return import_graph(modules())


def python_files(top: str) -> list[Path]:
    return sorted((PROJECT / top).rglob("*.py"))


def against_the_order(graph: Graph) -> set[str]:
    rank = {place: at for at, place in enumerate(ORDER)}
    return {
        f"{module} imports {name}"
        for module, names in graph.items()
        for name in names
        if rank[place_of(name)] > rank[place_of(module)]
    }


def test_a_package_imports_only_those_below_it(graph):
    assert against_the_order(graph) == set()


def test_an_arrow_that_points_up_is_seen(graph):
    wrong = {**graph, "ml.solver.dual": {"ml.config.policy"}}

    assert against_the_order(wrong) == {"ml.solver.dual imports ml.config.policy"}


def test_modules_import_each_other_in_no_circle(graph):
    assert longest_chains(graph).keys() == graph.keys()


def test_no_folder_imports_one_above_it(graph):
    wrong = {
        f"{module} imports {name}"
        for module, names in graph.items()
        for name in names
        if name.split(".")[0] not in MAY_IMPORT[module.split(".")[0]]
    }
    assert wrong == set()


def test_no_module_is_imported_by_a_name_in_a_string():
    """A string hides an arrow from the tests above."""
    wrong = {
        path.relative_to(PROJECT).as_posix()
        for top in TOPS
        for path in python_files(top)
        if re.search(r"\bimport_module\b|\b__import__\b", path.read_text())
    }
    assert wrong == set()


def test_every_place_of_the_order_is_there(graph):
    assert {place_of(module) for module in graph} | {"ml"} == set(ORDER)


def test_no_folder_is_too_wide_or_too_large():
    packages = measure()
    assert {name for name, p in packages.items() if p.modules > WIDEST} == set()
    assert {name for name, p in packages.items() if p.share > LARGEST} == set()


@pytest.mark.parametrize("top", ["ml", "spark_jobs", "promoloop"])
def test_airflow_is_imported_by_dags_alone(top):
    promoloop = PROJECT / "promoloop"  # these run inside Airflow's own processes
    inside = {promoloop / "worker_preload.py", promoloop / "airflow_plugins" / "review_page.py"}
    imports = re.compile(r"^\s*(import|from) airflow\b", re.MULTILINE)
    wrong = {p for p in python_files(top) if p not in inside and imports.search(p.read_text())}
    assert wrong == set()


def test_only_settings_reads_the_environment():
    reads = re.compile(r"getenv|environ\.|environ\[[^]]*\](?! = )")
    readers = {
        p
        for top in ("ml", "spark_jobs", "dags")
        for p in python_files(top)
        if reads.search(p.read_text())
    }
    assert readers == set()


def test_only_the_lake_writes_partitions():
    writes = re.compile(r"manifest\.json|write_to_dataset")
    writers = {
        p.relative_to(PROJECT).as_posix()
        for top in ("ml", "spark_jobs")
        for p in python_files(top)
        if writes.search(p.read_text())
    }
    assert writers == {"ml/lake.py"}


def test_the_mlflow_folder_holds_no_python():
    assert list((PROJECT / "mlflow").rglob("*.py")) == []
    origin = Path(importlib.util.find_spec("mlflow").origin)
    assert PROJECT / "mlflow" not in origin.parents


@pytest.mark.parametrize("package", ["ml", "promoloop", "spark_jobs"])
def test_our_generic_names_are_ours(package):
    assert importlib.util.find_spec(package).origin == str(PROJECT / package / "__init__.py")


def test_every_package_is_named_in_pyproject_and_no_benchmark_is():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    there = {
        path.parent.relative_to(PROJECT).as_posix().replace("/", ".")
        for top in ("ml", "promoloop", "spark_jobs")
        for path in (PROJECT / top).rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == there


def test_no_lock_names_a_registry_host():
    text = (PROJECT / "requirements.lock").read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") >= text.count("==")


AIRFLOW = re.compile(
    r"(?i)\b(airflow|dags?|xcom|dagrun|upstream_failed|trigger\w*)\b|\bclear (the|its|it|`)"
)


def test_the_domain_names_nothing_of_airflow():
    """Its messages name the act; the triage notes of the DAGs name the task to clear."""
    settings = PROJECT / "ml/settings.py"  # where the services of a deployment listen
    modules = [path for path in sorted((PROJECT / "ml").rglob("*.py")) if path != settings]
    named = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in modules
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if AIRFLOW.search(line)
    ]
    assert named == []
