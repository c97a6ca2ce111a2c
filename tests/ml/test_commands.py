"""Modules run as commands take the same date and log the same way."""

from datetime import date

import pytest

from ml import commands


def test_the_date_is_required_where_there_is_no_default(capsys):
    asked = commands.parser("What it does.", "benchmarks.plan")
    commands.add_as_of(asked)

    assert asked.parse_args(["--as-of", "2017-12-04"]).as_of == date(2017, 12, 4)
    with pytest.raises(SystemExit):
        asked.parse_args([])
    assert "usage: python -m benchmarks.plan" in capsys.readouterr().err


def test_a_default_date_is_named_in_the_help():
    asked = commands.parser("First line.\n\n    an example")
    commands.add_as_of(asked, date(2017, 12, 4))

    assert asked.parse_args([]).as_of == date(2017, 12, 4)
    assert "    an example" in asked.format_help()
    assert "default 2017-12-04" in asked.format_help()
