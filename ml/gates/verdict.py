"""The result of a gate for one table: its bad rows, by rule, against the share allowed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from ml.contracts.table import Table
from ml.errors import GateError
from ml.gates.validation import Broken

DUPLICATE = "duplicate key"


@dataclass
class Verdict:
    """Grows chunk by chunk; `good[i]` marks the rows of chunk i that may land."""

    table: Table
    rows: int = 0
    good: list[np.ndarray] = field(default_factory=list)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    accepted_by_day: Counter[date] = field(default_factory=Counter)

    @property
    def quarantined(self) -> int:
        return sum(int((~good).sum()) for good in self.good)

    @property
    def share(self) -> float:
        return self.quarantined / max(self.rows, 1)

    def add(self, rows: pa.Table, frame: pd.DataFrame, broken: list[Broken]) -> pa.Table:
        """Take in a chunk; returns its bad rows, each with the rules it broke."""
        reasons: dict[int, list[str]] = {}
        for one in broken:
            bad = _all_but_first_copies(self.table, frame, one)
            for row in bad:
                reasons.setdefault(int(row), []).append(f"{one.column}: {one.rule}")
            self._count(rows, one, bad)
        good = np.ones(len(rows), bool)
        good[list(reasons)] = False
        self.rows += len(rows)
        self.good.append(good)
        if self.table.day_column:
            days = rows[self.table.day_column].filter(pa.array(good)).value_counts()
            self.accepted_by_day.update({d["values"]: d["counts"] for d in days.to_pylist()})
        order = sorted(reasons)
        rules = pa.array(["; ".join(reasons[row]) for row in order], pa.string())
        return rows.take(pa.array(order, pa.int64())).append_column("rules", rules)

    def check(self) -> None:
        """Stop when more rows are bad than the contract allows.

        Raises:
            GateError: with the rule most rows broke, how many, and one such row.
        """
        if self.share <= self.table.bad_share:
            return
        (column, rule), count = self.rules.most_common(1)[0]
        raise GateError(
            f"{self.table.name}.{column}: {rule}: {count} of {self.rows} rows "
            f"({count / self.rows:.2%}), for example {self.examples[column, rule]}; "
            f"{self.quarantined} rows ({self.share:.2%}) broke a rule and at most "
            f"{self.table.bad_share:.2%} may. Nothing was landed: correct the source, or its "
            f"mapping, and run again (the rows are in lake/quarantine/{self.table.name})"
        )

    def _count(self, rows: pa.Table, one: Broken, bad: list[int]) -> None:
        rule = (one.column, one.rule)
        if bad:
            self.rules[rule] += len(bad)
            row = rows.slice(bad[0], 1).to_pylist()[0]
            self.examples.setdefault(rule, str({k: v for k, v in row.items() if v is not None}))


def _all_but_first_copies(table: Table, frame: pd.DataFrame, one: Broken) -> list[int]:
    """The rows of a broken rule; of rows that are wholly alike, the first may stay.

    Rows that share a key but differ all go: nobody here knows which is right.
    """
    if one.rule != DUPLICATE:
        return one.rows
    copies = frame.loc[one.rows]
    distinct = copies.drop_duplicates()
    alone = ~distinct.duplicated(list(table.key), keep=False)
    first_copies = set(distinct.index[alone])
    return [row for row in one.rows if row not in first_copies]
