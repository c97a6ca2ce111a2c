"""Measure the read API while schedules are published and rolled back; `make bench-serve`."""

import typer
from rich.console import Console

from benchmarks.serve.run import bench_serve
from ml import commands
from ml.errors import PromoloopError

out = Console(highlight=False, soft_wrap=True)


def main(
    lines: int = typer.Option(100_000, help="Of each schedule."),
    readers: int = typer.Option(200, help="Each with a connection of its own."),
    rate: float = typer.Option(400.0, help="Requests a second, of all readers together."),
    switches: int = typer.Option(50, help="Publications and roll-backs."),
    workers: int = typer.Option(1, help="Of the server."),
    closed: float = typer.Option(10.0, help="Seconds of readers that never wait, before."),
) -> None:
    """Measure the read API while schedules are published and rolled back."""
    commands.log_to_terminal()
    try:
        bench_serve(lines, readers, rate, switches, workers, closed, out.print)
    except PromoloopError as error:
        out.print(f"{type(error).__name__}: {error}", markup=False)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
