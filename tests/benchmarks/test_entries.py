"""Every benchmark that the Makefile names is there, and has a smoke test of its own."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from ml.settings import PROJECT

HERE = Path(__file__).parent
RECIPES = dict(
    re.findall(
        r"^(bench-\w+):.*##.*\n\t@\$\(BIN\)/python -m ([\w.]+)",
        (PROJECT / "Makefile").read_text(),
        flags=re.MULTILINE,
    )
)


def test_every_target_runs_a_module():
    targets = re.findall(r"^\.PHONY: (bench-.+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)

    assert RECIPES.keys() == {target for line in targets for target in line.split()}


@pytest.mark.parametrize("target", RECIPES)
def test_its_module_can_be_run(target):
    module = RECIPES[target]
    spec = find_spec(module)
    assert spec, f"make {target} runs {module}, which is not there"
    if spec.submodule_search_locations is not None:
        assert find_spec(f"{module}.__main__"), f"{module} is a package without a __main__"


@pytest.mark.parametrize("target", RECIPES)
def test_a_smoke_test_runs_it(target):
    smoke = [path.read_text() for path in HERE.rglob("test_*_smoke.py")]
    package, _, name = RECIPES[target].rpartition(".")
    imported = rf"^from {package} import .*\b{name}\b|^from {RECIPES[target]} import __main__"

    assert any(re.search(imported, text, re.MULTILINE) for text in smoke)
