"""The report's charts, each a function of plain numbers to one inline image."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log

from markupsafe import Markup

from ml.contracts.plan_summary import FrontierPoint
from ml.report import svg
from ml.report.numbers import count, money, percent
from ml.report.svg import Frame

TEN_PERCENT_SD = 1.2816  # standard deviations from the median to the 10th and 90th percentiles
SHALLOWEST, DEEPEST = 0.3, 0.8  # depths that a response chart ends at


@dataclass(frozen=True)
class Fan:
    """Weekly units: `past` oldest first; quantiles and promoted weeks by week ahead.

    `past_promoted` marks the weeks sold at least 5 % below the regular price; `promoted`
    maps a week ahead (0 = first) to expected, p10 and p90 units.
    """

    past: Sequence[float]
    past_promoted: Sequence[bool]
    quantiles: dict[int, Sequence[float]]
    promoted: dict[int, tuple[float, float, float]]
    labels: list[tuple[int, str]]


@dataclass(frozen=True)
class Response:
    """Units a week by depth: baseline · lift · (1 - depth)^elasticity."""

    baseline: float
    elasticity: float
    elasticity_sd: float
    lift: float
    depth: float


def fan_chart(fan: Fan) -> Markup:
    past, ahead = len(fan.past), len(next(iter(fan.quantiles.values()), []))
    top = max([*fan.past, *fan.quantiles.get(90, []), *(p[2] for p in fan.promoted.values()), 1.0])
    frame = Frame(-past, max(ahead - 1, 0) + 0.5, 0, top * 1.08)
    start = [(-1.0, float(fan.past[-1]))] if past else []
    level = {
        q: [*start, *((float(k), v) for k, v in enumerate(fan.quantiles[q]))] for q in fan.quantiles
    }
    history = [(float(k - past), float(units)) for k, units in enumerate(fan.past)]
    deals = [at for at, deal in zip(history, fan.past_promoted, strict=True) if deal]
    marks = [
        *svg.y_axis(frame, _counts(top)),
        *svg.x_axis(frame, [(float(k), words) for k, words in fan.labels]),
        svg.band(frame, level[10], level[90], "band"),
        svg.band(frame, level[30], level[70], "band"),
        svg.line(frame, level[50], "median"),
        svg.line(frame, history, "history"),
        *(
            svg.dot(frame, at, "past-deal", 2.4, f"{count(at[1])} units on promotion")
            for at in deals
        ),
    ]
    for week, (expected, low, high) in sorted(fan.promoted.items()):
        marks.append(svg.stroke(frame, (week, low), (week, high), "whisker"))
        title = f"{count(expected, 1)} units expected, {count(low)} to {count(high)}"
        marks.append(svg.dot(frame, (week, expected), "deal", 4.5, title))
    return svg.picture(frame, "Weekly units sold and forecast", marks)


def response_chart(response: Response) -> Markup:
    deepest = min(max(SHALLOWEST, 0.1 * ceil(10 * (response.depth + 0.05))), DEEPEST)
    depths = [k / 50 * deepest for k in range(51)]
    middle = [(d, _units(response, d, 0.0)) for d in depths]
    low = [(d, _units(response, d, TEN_PERCENT_SD)) for d in depths]
    high = [(d, _units(response, d, -TEN_PERCENT_SD)) for d in depths]
    chosen = (response.depth, _units(response, response.depth, 0.0))
    top = min(high[-1][1], max(4 * chosen[1], 1.3 * middle[-1][1]))
    frame = Frame(0, deepest, 0, top * 1.05)
    marks = [
        *svg.y_axis(frame, _counts(top)),
        *svg.x_axis(frame, [(d, percent(d)) for d in svg.ticks(0, deepest)]),
        svg.band(frame, _clip(low, top), _clip(high, top), "band"),
        svg.line(frame, _clip(middle, top), "median"),
        svg.stroke(frame, (0, response.baseline), (deepest, response.baseline), "reference"),
        svg.stroke(frame, (chosen[0], 0), chosen, "whisker"),
        svg.dot(frame, chosen, "deal", 4.5, f"{count(chosen[1], 1)} units at the planned price"),
    ]
    return svg.picture(frame, "Expected weekly units by discount", marks)


def stock_chart(
    labels: Sequence[str],
    available: Sequence[float],
    demand: Sequence[float],
    promoted: Sequence[bool],
    stockout: Sequence[float],
) -> Markup:
    """Units at the start of each week against the units expected to sell in it."""
    top = max([*available, *demand, 1.0])
    frame = Frame(-0.6, len(labels) - 0.4, 0, top * 1.08, bottom=46)
    marks = [
        *svg.y_axis(frame, _counts(top)),
        *svg.x_axis(frame, [(float(k), words) for k, words in enumerate(labels)]),
    ]
    for k, (stock, sold, deal) in enumerate(zip(available, demand, promoted, strict=True)):
        style = "deal-bar" if deal else "demand-bar"
        marks.append(svg.bar(frame, k - 0.18, stock, 0.32, "stock-bar", f"{count(stock)} in stock"))
        marks.append(svg.bar(frame, k + 0.18, sold, 0.32, style, f"{count(sold, 1)} expected"))
        risk = stockout[k]
        place = (frame.x(k), frame.height - 10)
        marks.append(svg.text(*place, percent(risk), "risk high" if risk > 0.1 else "risk"))
    return svg.picture(frame, "Stock, expected sales and the chance to run out", marks)


def week_chart(labels: Sequence[str], cost: Sequence[float], margin: Sequence[float]) -> Markup:
    """Cost and expected incremental margin of each week, side by side."""
    top, low = max([*cost, *margin, 1.0]), min([*margin, 0.0])
    frame = Frame(-0.6, max(len(labels), 1) - 0.4, low * 1.1, top * 1.1, width=460, left=56)
    marks = [
        *svg.y_axis(frame, [(v, money(v)) for v in svg.ticks(low, top)]),
        *svg.x_axis(frame, [(float(k), words) for k, words in enumerate(labels)]),
    ]
    for k, (spent, earned) in enumerate(zip(cost, margin, strict=True)):
        marks.append(svg.bar(frame, k - 0.19, spent, 0.34, "cost-bar", f"{money(spent)} cost"))
        marks.append(
            svg.bar(frame, k + 0.19, earned, 0.34, "margin-bar", f"{money(earned)} margin")
        )
    return svg.picture(frame, "Cost and expected incremental margin by week", marks)


def frontier_chart(frontier: Sequence[FrontierPoint], budget: float) -> Markup:
    """Expected incremental margin that each budget could buy; the planned budget marked."""
    points = sorted((p.budget, p.incremental_margin) for p in frontier)
    right, top = points[-1][0], max(margin for _, margin in points)
    frame = Frame(0, right * 1.04, 0, max(top, 1.0) * 1.1, width=460, left=56)
    marks = [
        *svg.y_axis(frame, [(v, money(v)) for v in svg.ticks(0, top)]),
        *svg.x_axis(frame, [(v, money(v)) for v in svg.ticks(0, right)]),
        svg.line(frame, points, "median"),
        *(svg.dot(frame, p, "point", 3, f"{money(p[0])} buys {money(p[1])}") for p in points),
    ]
    if budget <= frame.x1:
        marks.append(svg.stroke(frame, (budget, 0), (budget, frame.y1), "whisker"))
        marks.append(svg.text(frame.x(budget) - 5, frame.top + 8, "budget", "note", "end"))
    return svg.picture(frame, "Expected incremental margin by budget", marks)


def _units(response: Response, depth: float, sds: float) -> float:
    slope = min(response.elasticity + sds * response.elasticity_sd, 0.0)
    return response.baseline * exp(response.lift + slope * log(1 - depth))


def _counts(top: float) -> list[tuple[float, str]]:
    """Ticks of a number of units, with a decimal only where whole numbers would repeat."""
    values = svg.ticks(0, top)
    digits = 0 if all(v.is_integer() for v in values) else 1
    return [(v, count(v, digits)) for v in values]


def _clip(points: list[tuple[float, float]], top: float) -> list[tuple[float, float]]:
    return [(x, min(y, top * 1.05)) for x, y in points]
