"""The layer rules of docs/architecture.md, read from the code."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from ml.settings import PROJECT

# Inside ml a stage may import itself and the stages before it.
BASE = {
    "allocation",
    "errors",
    "settings",
    "contracts",
    "lake",
    "landed",
    "documents",
    "assumptions",
    "review",
    "resampling",
    "secrets",
    "privacy",
}
ORDER = [
    "sources",
    "gates",
    "warehouse",
    "registry",
    "model_review",
    "affinity",
    "demand",
    "propensity",
    "inventory",
    "promotions",
]
MAY_IMPORT = {
    "dags": {"ml", "spark_jobs", "dags"},
    "promoloop": {"ml", "promoloop", "spark_jobs"},
    "spark_jobs": {"ml", "spark_jobs"},
    "ml": {"ml"},
}
SPARK_MAY_USE = BASE | {"affinity"}
SPARK_BENCHMARK_MAY_USE = SPARK_MAY_USE | {"sources"}  # it reads the demo's data by itself
# A gate checks what a later stage wrote, by that stage's own policy file.
GATES_MAY_USE = BASE | {"sources", "gates", "promotions"}


def modules(top: str) -> list[Path]:
    return sorted((PROJECT / top).rglob("*.py"))


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return (
        names | {n.module for n in froms} | {f"{n.module}.{a.name}" for n in froms for a in n.names}
    )


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in MAY_IMPORT}


def stage(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("top", MAY_IMPORT)
def test_no_folder_imports_one_above_it(top):
    wrong = {
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(top)
        for name in ours(imported(path))
        if name.split(".")[0] not in MAY_IMPORT[top]
    }
    assert wrong == set()


def test_spark_jobs_use_only_what_their_layer_may():
    def allowed(path: Path) -> set[str]:
        return SPARK_BENCHMARK_MAY_USE if "benchmark" in path.parts else SPARK_MAY_USE

    wrong = {
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules("spark_jobs")
        for name in ours(imported(path))
        if name.startswith("ml.") and stage(name) not in allowed(path)
    }
    assert wrong == set()


def test_no_stage_imports_a_later_one():
    def allowed(importer: str) -> set[str]:
        if importer in BASE:
            return BASE
        if importer == "gates":
            return GATES_MAY_USE
        return BASE | set(ORDER[: ORDER.index(importer) + 1])

    wrong = {
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules("ml")
        if (importer := path.relative_to(PROJECT / "ml").parts[0].removesuffix(".py")) != "__init__"
        for name in ours(imported(path))
        if stage(name) and stage(name) not in allowed(importer)
    }
    assert wrong == set()


@pytest.mark.parametrize("top", ["ml", "spark_jobs", "promoloop"])
def test_airflow_is_imported_by_dags_alone(top):
    promoloop = PROJECT / "promoloop"  # these run inside Airflow's own processes
    inside = {promoloop / "preload.py", promoloop / "airflow_plugins" / "review_page.py"}
    others = [p for p in modules(top) if p not in inside]
    wrong = {p for p in others for n in imported(p) if n.split(".")[0] == "airflow"}
    assert wrong == set()


def test_only_settings_reads_the_environment():
    reads = re.compile(r"getenv|environ\.|environ\[[^]]*\](?! = )")
    readers = {
        p
        for top in ("ml", "spark_jobs", "dags")
        for p in modules(top)
        if reads.search(p.read_text())
    }
    assert readers == set()


def test_only_the_lake_writes_partitions():
    writes = re.compile(r"manifest\.json|write_to_dataset")
    writers = {
        p.relative_to(PROJECT).as_posix()
        for top in ("ml", "spark_jobs")
        for p in modules(top)
        if writes.search(p.read_text())
    }
    assert writers <= {"ml/lake.py", "ml/publishing/publish.py"}


def test_the_mlflow_folder_holds_no_python():
    assert list((PROJECT / "mlflow").rglob("*.py")) == []
    origin = Path(importlib.util.find_spec("mlflow").origin)
    assert PROJECT / "mlflow" not in origin.parents


@pytest.mark.parametrize("package", ["ml", "promoloop", "spark_jobs"])
def test_our_generic_names_are_ours(package):
    assert importlib.util.find_spec(package).origin == str(PROJECT / package / "__init__.py")


def test_every_package_is_named_in_pyproject():
    import tomllib

    named = set(
        tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    there = {
        path.parent.relative_to(PROJECT).as_posix().replace("/", ".")
        for top in ("ml", "promoloop", "spark_jobs")
        for path in (PROJECT / top).rglob("__init__.py")
    }
    assert named == there


def test_only_staging_models_read_sources():
    readers = {
        p for p in (PROJECT / "dbt_project" / "models").rglob("*.sql") if "source(" in p.read_text()
    }
    assert {p for p in readers if "staging" not in p.parts} == set()


def test_no_lock_names_a_registry_host():
    text = (PROJECT / "requirements.lock").read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") >= text.count("==")
