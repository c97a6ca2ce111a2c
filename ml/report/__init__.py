"""One self-contained page about a plan, for the people who answer for it."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ml.report import numbers
from ml.report.calendar import calendar
from ml.report.changes import changes
from ml.report.confidence import assumptions, models, quality
from ml.report.demand import outlooks
from ml.report.drift import drift
from ml.report.facts import Facts
from ml.report.figures import budget_figures, headline, tallies
from ml.report.plan_table import plan_lines
from ml.report.products import product_cards
from ml.report.segments import segments
from ml.report.spillovers import LABELS, spillovers
from ml.report.tradeoffs import tradeoff_chart
from ml.settings import settings

HERE = Path(__file__).parent


def render(facts: Facts) -> str:
    """HTML of a plan, with every style, script and figure inside."""
    return _template().render(
        facts=facts,
        headline=headline(facts),
        changes=changes(facts),
        calendar=calendar(facts),
        cards=product_cards(facts),
        outlooks=outlooks(facts),
        budget=budget_figures(facts),
        tradeoffs=tradeoff_chart(facts),
        tallies=tallies(facts),
        segments=segments(facts),
        lines=plan_lines(facts),
        quality=quality(facts),
        models=models(facts),
        drift=drift(facts),
        spillovers=spillovers(facts),
        spillover_labels=LABELS,
        assumptions=assumptions(facts),
        simulated=settings().source == "complete_journey",
        style=_inline("page.css"),
        script=_inline("page.js"),
    )


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= numbers.FILTERS
    return environment.get_template("page.html.j2")


def _inline(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))
