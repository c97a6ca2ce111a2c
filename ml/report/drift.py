"""Whether the demand model still fits the shop, in the report's words."""

from math import isfinite
from typing import Any

from ml.report.confidence import Check
from ml.report.facts import Facts
from ml.report.numbers import EN_DASH, count, percent

WORDS = {
    "bias": "past forecasts, bias",
    "wape_over_backtest": "past forecasts, error over the backtest's",
    "cov80": "past forecasts, inside the 10 to 90 % range",
    "zero_share": "weeks without a sale, change",
    "psi.depth": "discount depths",
    "psi.regular_price": "regular prices",
    "psi.display": "displays",
    "psi.mailer": "mailers",
    "psi.units": "units a week",
}
SHARES = ("bias", "cov80", "zero_share")


def drift(facts: Facts) -> list[Check]:
    """Each measure against its bounds; those of past forecasts first."""
    rows = facts.drift.sort_values(["kind", "measure"]).to_dict("records")
    return [_check({str(key): value for key, value in row.items()}) for row in rows]


def _check(row: dict[str, Any]) -> Check:
    label = WORDS.get(row["measure"], row["measure"])
    if not isfinite(row["value"]):
        return Check(label, "not enough forecasts yet")
    value = _number(row["measure"], row["value"])
    return Check(label, f"{value} ({_bounds(row)})", not row["drifted"])


def _bounds(row: dict[str, Any]) -> str:
    low, high = (
        _number(row["measure"], row[end]) if isfinite(row[end]) else ""
        for end in ("minimum", "maximum")
    )
    if low and high:
        return f"{low} {EN_DASH} {high}"
    return f"at most {high}" if high else f"at least {low}"


def _number(measure: str, value: float) -> str:
    return percent(value, 1) if measure in SHARES else count(value, 2)
