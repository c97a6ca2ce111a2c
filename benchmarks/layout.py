"""The packages as the imports draw them: `python -m benchmarks.layout`.

A package's floor is one above the highest package that it imports; its depth is the longest chain
of imports between its own modules. tests/test_layout.py holds the same graph against the order
of packages in docs/architecture.md.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from ml.settings import PROJECT

TOPS = ("ml", "spark_jobs", "promoloop", "dags", "benchmarks")
# Bottom to top: a module imports its own package and those before it. A module takes the longest
# name here that is its own or begins it.
ORDER = (
    *("ml.errors", "ml.settings", "ml.arrays", "ml.weeks", "ml.files", "ml.commands"),
    *("ml.contracts", "ml.secrets", "ml.solver"),
    *("ml.lake", "ml.config", "ml.quoting", "ml.landed_days", "ml.warehouse", "ml.privacy"),
    *("ml.releases", "ml.erasure", "ml.models", "ml.inventory", "ml.affinity"),
    *("ml.promotions.audiences", "ml.offers"),
    *("spark_jobs.submit", "spark_jobs.tables", "spark_jobs.als"),
    *("spark_jobs.customers", "spark_jobs.ranker", "spark_jobs"),
    *("ml.sources", "ml.gates", "ml.propensity"),
    *("ml.demand.data", "ml.demand.network", "ml.demand.fitting"),
    *("ml.demand.evaluation", "ml.demand.forecasting", "ml.demand"),
    *("ml.promotions.mechanics", "ml.promotions.spillovers", "ml.promotions.economics"),
    *("ml.promotions.planning", "ml.promotions.explanation", "ml.promotions.recount"),
    *("ml.promotions",),
    *("ml.report", "ml.publishing.feeds", "ml.publishing.targets", "ml.publishing", "ml"),
    *("promoloop.credentials", "promoloop.serving", "promoloop.review_page", "promoloop"),
    *("orchestration", "dags"),
    *("benchmarks.demand", "benchmarks.plan", "benchmarks.propensity", "benchmarks.recommend"),
    *("benchmarks.simulation", "benchmarks", "benchmarks.serve", "benchmarks.review"),
)

Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Package:
    """One folder: its own modules without those of folders below it."""

    modules: int
    lines: int
    share: float
    floor: int
    depth: int
    imports: tuple[str, ...]


def modules() -> dict[str, Path]:
    """Every module of the project by its name as imported."""
    named = {}
    for top in TOPS:
        for path in sorted((PROJECT / top).rglob("*.py")):
            parts = path.relative_to(PROJECT).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            named[name.replace("dags.orchestration", "orchestration")] = path
    return named


def import_graph(paths: Mapping[str, Path]) -> Graph:
    """By module, the modules of the project that it imports, anywhere in the file."""
    return {name: _imported(path, paths) - {name} for name, path in paths.items()}


def _imported(path: Path, known: Mapping[str, Path]) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if inner in known else node.module)
    return names & known.keys()


def package_of(module: str, paths: Mapping[str, Path]) -> str:
    """The folder a module lies in, as a dotted name."""
    return module if paths[module].name == "__init__.py" else module.rpartition(".")[0] or module


def place_of(module: str) -> str:
    """The entry of `ORDER` that a module belongs to.

    Raises:
        KeyError: none of them; a new package must be given its place.
    """
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in ORDER:
            return name
    raise KeyError(f"{module} has no place in ORDER of benchmarks/layout.py: add its package")


def place_graph(graph: Graph) -> Graph:
    """The graph of `ORDER`'s entries: which imports which."""
    places: Graph = {place: set() for place in ORDER}
    for module, imported in graph.items():
        places[place_of(module)] |= {place_of(name) for name in imported} - {place_of(module)}
    return places


def measure() -> dict[str, Package]:
    """Every package with its size and its place."""
    paths = modules()
    graph = import_graph(paths)
    place_floors = longest_chains(place_graph(graph))
    lines = {
        name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in paths.items()
    }
    inside: dict[str, list[str]] = {}
    for name in paths:
        inside.setdefault(package_of(name, paths), []).append(name)
    total = sum(lines.values())
    return {
        package: Package(
            modules=sum(paths[name].name != "__init__.py" for name in names),
            lines=sum(lines[name] for name in names),
            share=sum(lines[name] for name in names) / total,
            floor=max(place_floors[place_of(name)] for name in names),
            depth=max(longest_chains({n: graph[n] & set(names) for n in names}).values()),
            imports=tuple(
                sorted({package_of(d, paths) for n in names for d in graph[n]} - {package})
            ),
        )
        for package, names in sorted(inside.items())
    }


def longest_chains(graph: Graph) -> dict[str, int]:
    """By module, how many modules the longest chain of imports below it has, itself included.

    Raises:
        graphlib.CycleError: modules import each other in a circle.
    """
    chains: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        chains[name] = 1 + max((chains[below] for below in graph[name]), default=0)
    return chains


def main() -> None:
    print(f"{'package':32}{'modules':>8}{'lines':>8}{'share':>8}{'floor':>7}{'depth':>7}  imports")  # noqa: T201
    for name, package in measure().items():
        print(  # noqa: T201
            f"{name:32}{package.modules:>8}{package.lines:>8}{package.share:>8.1%}"
            f"{package.floor:>7}{package.depth:>7}  {', '.join(package.imports)}"
        )


if __name__ == "__main__":
    main()
