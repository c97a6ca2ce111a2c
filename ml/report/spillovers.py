"""What promotions move in other sales, by category, with its 90 % interval."""

from dataclasses import dataclass

import pandas as pd

from ml.promotions.spillovers.estimate import EVERY
from ml.report.facts import Facts
from ml.report.numbers import percent

SHOWN = 8
LABELS = {"dip": "later weeks", "cannibalisation": "its category", "halo": "other category"}


@dataclass(frozen=True)
class Moved:
    """A category's effects in words, in the order of LABELS."""

    category: str
    cells: list[str]


def moved(facts: Facts) -> list[Moved]:
    """All categories together, then those whose promotions sell the most extra units."""
    if facts.effects.empty:
        return []
    told = facts.effects.set_index(["category", "effect"])
    units = facts.plan.groupby("category")["incremental_units"].sum()
    largest = units.sort_values(ascending=False, kind="stable").index
    known = [name for name in largest if (name, "dip") in told.index][:SHOWN]
    return [
        Moved(name.capitalize(), [_words(effect, told.loc[(name, effect)]) for effect in LABELS])
        for name in [EVERY, *known]
    ]


def _words(effect: str, row: pd.Series) -> str:
    low, high = percent(row["share_p05"]), percent(row["share_p95"])
    named = effect == "halo" and row["onto"] != EVERY
    place = f", {row['onto'].lower()}" if named else ""
    own = "" if row["is_told"] else ", from other categories"
    return f"{percent(row['share'])} ({low} to {high}){place}{own}"
