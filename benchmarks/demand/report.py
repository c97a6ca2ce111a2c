"""What the benchmark prints: tables to read, then one JSON object for machines."""

import json
from dataclasses import dataclass

import pandas as pd

DIGITS = 4


@dataclass(frozen=True)
class Report:
    """Tables by section, in the order printed; differences by section and reference method."""

    tables: dict[str, pd.DataFrame]
    differences: dict[tuple[str, str], pd.DataFrame]
    price_response: dict[str, float]

    def text(self) -> str:
        """Every table; the last line is the JSON object."""
        parts = []
        for section, table in self.tables.items():
            parts += [section, table.round(DIGITS).to_string(), ""]
        for (section, reference), table in self.differences.items():
            title = f"{section}: lstm less {reference}, 95 % paired bootstrap of products"
            parts += [title, table.round(DIGITS).to_string(), ""]
        values = ", ".join(f"{name} {value:.3f}" for name, value in self.price_response.items())
        parts += [f"price response: {values}", ""]
        return "\n".join([*parts, self.to_json()])

    def to_json(self) -> str:
        """{section: {method: {measure: value}}}, and the price response."""
        sections = {section: _rounded(table) for section, table in self.tables.items()}
        response = {name: round(value, DIGITS) for name, value in self.price_response.items()}
        return json.dumps(sections | {"price_response": response}, allow_nan=False)


def _rounded(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        str(method): {str(m): round(float(v), DIGITS) for m, v in row.items()}
        for method, row in table.iterrows()
    }
