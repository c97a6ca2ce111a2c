"""The plan beside others inside the same limits, by revenue, margin and discount."""

from markupsafe import Markup

from ml.contracts.plan_summary import TradeoffPoint
from ml.report import svg
from ml.report.facts import Facts
from ml.report.numbers import money
from ml.report.svg import Frame

SMALL, LARGE = 2.5, 7.0  # a dot's radius at no discount and at the largest


def tradeoff_chart(facts: Facts) -> Markup | None:
    """Extra margin by extra revenue, larger dots for larger discounts; None without others."""
    points = facts.summary.tradeoffs
    if len(points) < 2:
        return None
    revenues, margins = [p.revenue for p in points], [p.margin for p in points]
    right, top = max(1.0, *revenues), max(1.0, *margins)
    left, low = min(0.0, *revenues), min(0.0, *margins)
    frame = Frame(left, right * 1.06, low * 1.1, top * 1.1, width=460, left=56)
    largest = max(p.discount for p in points) or 1.0
    marks = [
        *svg.y_axis(frame, [(v, money(v)) for v in svg.ticks(low, top)]),
        *svg.x_axis(frame, [(v, money(v)) for v in svg.ticks(left, right)]),
        *(_dot(frame, point, point.discount / largest) for point in points),
    ]
    return svg.picture(frame, "Expected extra margin by extra revenue", marks)


def _dot(frame: Frame, point: TradeoffPoint, share: float) -> str:
    style, name = ("deal", "this plan") if point.is_plan else ("point", "another plan")
    title = (
        f"{name}: {money(point.revenue)} revenue, {money(point.margin)} margin, "
        f"{money(point.discount)} cost, {point.promotions} promotions"
    )
    radius = round(SMALL + (LARGE - SMALL) * share, 1)
    return svg.dot(frame, (point.revenue, point.margin), style, radius, title)
