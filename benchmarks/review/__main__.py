"""Measure how fast the review page opens; `make bench-review`."""

import typer
from rich.console import Console

from benchmarks.review.run import bench_review
from ml import commands
from ml.errors import PromoloopError

out = Console(highlight=False, soft_wrap=True)


def main(
    lines: int = typer.Option(5_000, help="Of the plan that is opened."),
    loads: int = typer.Option(9, help="At each width, each in an empty browser context."),
) -> None:
    """Measure how fast the review page opens."""
    commands.log_to_terminal()
    try:
        bench_review(lines, loads, out.print)
    except PromoloopError as error:
        out.print(f"{type(error).__name__}: {error}", markup=False)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
