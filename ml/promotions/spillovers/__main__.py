"""Print spillovers of promotions, by weeks since them and by category.

    python -m ml.promotions.spillovers [--as-of 2017-12-04]

Reads the lake and writes nothing; weeks before a promotion are the placebo.
"""

from datetime import date

from ml import commands
from ml.config.assumptions import load_assumptions
from ml.promotions.spillovers.estimate import WEEKS_APART, effects, over_time, read_series


def main() -> None:
    """Parse, estimate, print."""
    parser = commands.parser(__doc__, "ml.promotions.spillovers")
    commands.add_as_of(parser, date(2017, 12, 4))
    series, onto = read_series(parser.parse_args().as_of)
    by_week = over_time(series)
    lines = [f"{'weeks after':<14}{'units per extra unit':>22}{'standard error':>16}"]
    for weeks, value, se in zip(WEEKS_APART, by_week.value, by_week.se, strict=True):
        lines.append(f"{weeks:<14}{value:>22.4f}{se:>16.4f}")
    rows = effects(series, onto, load_assumptions().displacement)
    print("\n".join(lines))  # noqa: T201  the command's result
    print(rows.to_string(index=False))  # noqa: T201  the command's result


if __name__ == "__main__":
    main()
