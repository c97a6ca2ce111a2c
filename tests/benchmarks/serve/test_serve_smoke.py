"""A server, readers and a few switches between plans of some lines."""

import json

import typer
from typer.testing import CliRunner

from benchmarks.serve import __main__ as benchmark

SMALL = ("--lines", "12", "--readers", "2", "--rate", "20", "--switches", "2", "--closed", "0.5")


def test_readers_see_only_whole_plans_while_they_are_switched(live):
    command = typer.Typer()
    command.command()(benchmark.main)

    done = CliRunner().invoke(command, SMALL)

    assert done.exit_code == 0, done.output
    report = json.loads(done.output.splitlines()[-1])
    assert report["torn_reads"] == 0
    assert report["rps"] > 0
