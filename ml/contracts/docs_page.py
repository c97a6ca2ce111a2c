"""docs/data-contracts.md, written from the contracts: `make contracts`."""

from datetime import date
from pathlib import Path

from ml.contracts.marts import MARTS
from ml.contracts.outputs import OUTPUTS
from ml.contracts.sources import SOURCES
from ml.contracts.suites import landing_rules, whole_rules
from ml.contracts.table import Table
from ml.settings import PROJECT

PAGE = PROJECT / "docs" / "data-contracts.md"

AS_OF = date.max  # stands for any

OPENING = """# Data contracts

Written by `make contracts` from `ml/contracts`; a test fails when the two differ.

A table is a folder of the lake, `lake/<layer>/<table>/`, with one partition per business day
(`day=`) or per run (`as_of=`), each with a manifest. Great Expectations checks the rules below
where data enters (landing), where it leaves dbt (marts) and before a plan is published, whose
limits of `policy.yml` are checked there too. Times are UTC unless said otherwise, dates are
business days in the shop's timezone, money is in the shop's currency.

At landing, a row that breaks a rule goes to `lake/quarantine/<table>/as_of=D/` with the rules it
broke. When more rows do than the table's allowed share, the run stops and nothing of the batch
lands. The first share is of the run's whole batch, whatever its number of days. Between two
stages no row may break a rule. Each gate's results are in Data Docs,
`gx/uncommitted/data_docs/local_site/index.html` under the state folder.

Further rules at landing: a required day without a sale stops the run unless `closed_days` in
`assumptions.yml` or the `calendar` table calls it closed; what is dated before the source's first
sale (a campaign under way) lands with the first day; a snapshot gets a new partition only when its
content changed. On the marts: no table may lose half its rows between two runs, the newest week
must be the last complete one, and the newest sale at most three open days old.
"""

LAYERS = {
    "Landed tables": SOURCES,
    "Marts": MARTS,
    "What the models and the plan write": OUTPUTS,
}


def page() -> str:
    parts = [OPENING]
    for title, tables in LAYERS.items():
        parts.append(f"## {title}\n")
        parts += [_table(table) for table in tables]
    return "\n".join(parts)


def _table(table: Table) -> str:
    described = f"{table.description} {table.grain}".strip()
    lines = [f"### {table.name}", "", f"{described} Key: {', '.join(table.key)}."]
    if table.layer == "landing":
        needed = "Required." if table.required else "Optional."
        by = f"by {table.day_column}" if table.day_column else "as a snapshot"
        lines[-1] += f" {needed} Lands {by}; {table.bad_share:.0%} of its rows may be bad."
    if table.row_conditions:
        lines += [
            "",
            "Of every row: " + "; ".join(f"`{sql}`" for sql in table.row_conditions) + ".",
        ]
    rules = _rules(table)
    lines += ["", "| column | type | null | refused when | |", "| --- | --- | --- | --- | --- |"]
    for column in table.columns:
        null = "yes" if column.nullable else "no"
        tests = "; ".join(rules.get(column.name, []))
        lines.append(f"| {column.name} | {column.kind} | {null} | {tests} | {column.description} |")
    return "\n".join([*lines, ""])


def _rules(table: Table) -> dict[str, list[str]]:
    """What may not be, by column; nulls and keys have their own place on the page."""
    landed = table.layer == "landing"
    rules = landing_rules(table, (), None, AS_OF) if landed else whole_rules(table)
    by_column: dict[str, list[str]] = {}
    for rule in rules:
        if rule.name not in ("null", "duplicate key"):
            name = rule.name.replace(f" {AS_OF}", "")
            by_column.setdefault(rule.column, []).append(name)
    return by_column


def write(path: Path = PAGE) -> None:
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
