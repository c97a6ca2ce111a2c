"""Every setting of the solver is explained, and none is without effect."""

import ast
from dataclasses import fields
from pathlib import Path

from ml.solver import settings
from ml.solver.settings import SolverSettings

SOURCE = Path(settings.__file__)
NAMES = [field.name for field in fields(SolverSettings)]


def test_each_setting_has_a_docstring():
    body = next(
        node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.ClassDef)
    )
    statements = body.body[1:]  # after the docstring of the class

    documented = [
        field.target.id
        for field, text in zip(statements[::2], statements[1::2], strict=True)
        if isinstance(text, ast.Expr) and isinstance(text.value.value, str)
    ]

    assert documented == NAMES


def test_each_setting_is_used():
    code = "".join(p.read_text() for p in SOURCE.parent.glob("*.py") if p != SOURCE)

    assert [name for name in NAMES if f"ettings.{name}" not in code] == []
