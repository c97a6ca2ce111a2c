"""How a scenario's difference in money is shown on a terminal."""

from rich.table import Table

from ml.promotions.scenario import ScenarioResult

MEASURES = {
    "promotions": ("promotions", 0),
    "cost": ("cost", 2),
    "incremental_margin": ("margin", 2),
}


def table(result: ScenarioResult) -> Table:
    """By category: the plan's figure, and what the scenario adds to it."""
    shown = Table("category", box=None, pad_edge=False)
    for name, _ in MEASURES.values():
        shown.add_column(name, justify="right")
        shown.add_column("change", justify="right")
    rows = result.categories.to_dict("index")
    for category, row in rows.items():
        cells = []
        for measure, (_, digits) in MEASURES.items():
            cells.append(f"{row[f'{measure}_now']:,.{digits}f}")
            cells.append(_change(row[f"{measure}_more"], digits))
        if category == "all":
            shown.add_section()
        shown.add_row(str(category), *cells)
    return shown


def _change(value: float, digits: int) -> str:
    return f"{value:+,.{digits}f}" if value else ""
