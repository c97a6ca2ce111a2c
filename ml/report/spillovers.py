"""What promotions take from or bring to other sales, by category, with its 90 % interval."""

from dataclasses import dataclass

import pandas as pd

from ml.promotions.spillovers.estimate import EVERY
from ml.report.facts import Facts
from ml.report.numbers import percent

SHOWN = 8
LABELS = {"dip": "later weeks", "cannibalisation": "its category", "halo": "other category"}


@dataclass(frozen=True)
class CategorySpillovers:
    """A category's effects in words, in the order of LABELS."""

    category: str
    cells: list[str]


def spillovers(facts: Facts) -> list[CategorySpillovers]:
    """All categories together, then those whose promotions sell the most extra units."""
    if facts.effects.empty:
        return []
    shares = facts.effects.set_index(["category", "effect"])
    units = facts.plan.groupby("category")["incremental_units"].sum()
    largest = units.sort_values(ascending=False, kind="stable").index
    shown = [name for name in largest if (name, "dip") in shares.index][:SHOWN]
    return [
        CategorySpillovers(
            name.capitalize(), [_words(effect, shares.loc[(name, effect)]) for effect in LABELS]
        )
        for name in [EVERY, *shown]
    ]


def _words(effect: str, row: pd.Series) -> str:
    low, high = percent(row["share_p05"]), percent(row["share_p95"])
    named = effect == "halo" and row["onto"] != EVERY
    place = f", {row['onto'].lower()}" if named else ""
    own = "" if row["is_identified"] else ", from other categories"
    return f"{percent(row['share'])} ({low} to {high}){place}{own}"
