"""What modules that are run as commands share: the parser, the as-of date, the log."""

import argparse
import logging
from datetime import date


def parser(description: str | None, module: str | None = None) -> argparse.ArgumentParser:
    """A parser that shows `description` as it is written.

    `module` is the name in `python -m <module>`; without it the script's name is shown.
    """
    return argparse.ArgumentParser(
        prog=f"python -m {module}" if module else None,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_as_of(to: argparse.ArgumentParser, default: date | None = None) -> None:
    """Add `--as-of`, required where there is no default."""
    to.add_argument(
        "--as-of",
        type=date.fromisoformat,
        default=default,
        required=default is None,
        help="date of the marts, YYYY-MM-DD" + (f" (default {default})" if default else ""),
    )


def log_to_terminal() -> None:
    """Show what the project logs, without the chatter of Spark's gateway."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
