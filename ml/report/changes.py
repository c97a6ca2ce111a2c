"""What differs from the schedule published for the day before."""

from dataclasses import dataclass

import pandas as pd

from ml.releases.changes import difference
from ml.report.facts import Facts
from ml.report.numbers import percent, period
from ml.report.wording import terms

SHOWN = 12


@dataclass(frozen=True)
class Changes:
    """`against` is None when nothing was published before; lists are cut to SHOWN."""

    against: str | None
    added: int
    removed: int
    changed: int
    kept: int
    ran_out: int
    added_lines: list[str]
    removed_lines: list[str]
    changed_lines: list[str]


def changes(facts: Facts) -> Changes:
    """Promotions are the same when product and first day are; those that ended are apart."""
    if facts.before is None:
        return Changes(None, 0, 0, 0, 0, 0, [], [], [])
    ended = facts.before["ends_at"] <= pd.Timestamp(facts.as_of)
    old, new = facts.before[~ended], facts.plan
    both = difference(old, new)
    added, removed, changed, kept = (
        both[both["change"] == name] for name in ("added", "removed", "changed", "kept")
    )
    return Changes(
        against=facts.before_version,
        added=len(added),
        removed=len(removed),
        changed=len(changed),
        kept=len(kept),
        ran_out=int(ended.sum()),
        added_lines=[_line(row, facts, "") for row in _first(added)],
        removed_lines=[_line(row, facts, "_before") for row in _first(removed)],
        changed_lines=[
            f"{_line(row, facts, '')} instead of {_terms(row, facts, '_before')}"
            for row in _first(changed)
        ],
    )


def _first(rows: pd.DataFrame) -> list[dict]:
    return rows.head(SHOWN).to_dict("records")


def _line(row: dict, facts: Facts, side: str) -> str:
    when = period(row[f"starts_at{side}"], row[f"ends_at{side}"])
    name = facts.names.get(row["product_id"], f"Product {row['product_id']}")
    return f"{name}, {when}: {_terms(row, facts, side)}"


def _terms(row: dict, facts: Facts, side: str) -> str:
    support = row[f"support{side}"]
    with_support = "" if support == "none" else f" with {support.replace('+', ' and ')}"
    own = {name.removesuffix(side): value for name, value in row.items() if name.endswith(side)}
    return terms(own, f"{percent(own['depth'])} off", facts.names) + with_support
