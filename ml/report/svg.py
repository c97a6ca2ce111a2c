"""The few marks every chart is made of, as SVG text with one decimal.

A `Frame` turns data units into the pixels of its viewBox. Colours are classes: the page's
style sheet gives them their light, dark and printed values.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A plot area in a viewBox, with linear scales over [x0, x1] and [y0, y1]."""

    x0: float
    x1: float
    y0: float
    y1: float
    width: int = 360
    height: int = 200
    left: int = 42
    right: int = 12
    top: int = 14
    bottom: int = 30

    def x(self, value: float) -> float:
        span = (self.x1 - self.x0) or 1.0
        return self.left + (value - self.x0) / span * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        span = (self.y1 - self.y0) or 1.0
        inside = self.height - self.top - self.bottom
        return self.height - self.bottom - (value - self.y0) / span * inside


def picture(frame: Frame, label: str, marks: Iterable[str]) -> Markup:
    """The marks as one inline image that screen readers announce by its label."""
    body = Markup("").join(Markup(mark) for mark in marks)
    return Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        label, frame.width, frame.height, body
    )


def line(frame: Frame, points: Sequence[Point], style: str) -> str:
    return f'<path class="{style}" d="{_path(frame, points)}"/>' if points else ""


def band(frame: Frame, lower: Sequence[Point], upper: Sequence[Point], style: str) -> str:
    """The area between two lines over the same x."""
    around = [*upper, *reversed(lower)]
    return f'<path class="{style}" d="{_path(frame, around)}Z"/>' if around else ""


def dot(frame: Frame, at: Point, style: str, radius: float = 3.5, title: str = "") -> str:
    x, y = frame.x(at[0]), frame.y(at[1])
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">{inner}</circle>'


def bar(frame: Frame, x: float, top: float, width: float, style: str, title: str = "") -> str:
    """A bar from the x axis to `top`, `width` in data units, centred on x."""
    left, right = frame.x(x - width / 2), frame.x(x + width / 2)
    y, foot = frame.y(top), frame.y(max(frame.y0, 0.0))
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{style}" x="{left:.1f}" y="{min(y, foot):.1f}" '
        f'width="{right - left:.1f}" height="{abs(foot - y):.1f}" rx="1.5">{inner}</rect>'
    )


def stroke(frame: Frame, start: Point, end: Point, style: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return (
        f'<line class="{style}" x1="{frame.x(x1):.1f}" y1="{frame.y(y1):.1f}" '
        f'x2="{frame.x(x2):.1f}" y2="{frame.y(y2):.1f}"/>'
    )


def text(x: float, y: float, words: str, style: str = "tick", anchor: str = "middle") -> str:
    """Words at pixel coordinates of the viewBox."""
    return (
        f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def y_axis(frame: Frame, labels: Sequence[tuple[float, str]]) -> list[str]:
    """Faint rules with their values at the left."""
    rules = [stroke(frame, (frame.x0, v), (frame.x1, v), "rule") for v, _ in labels]
    words = [text(frame.left - 6, frame.y(v) + 4, w, anchor="end") for v, w in labels]
    return rules + words


def x_axis(frame: Frame, labels: Sequence[tuple[float, str]]) -> list[str]:
    foot = frame.height - frame.bottom
    return [
        stroke(frame, (frame.x0, frame.y0), (frame.x1, frame.y0), "axis"),
        *(text(frame.x(v), foot + 16, words) for v, words in labels),
    ]


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values from low to high, about `wanted` of them."""
    raw = (high - low) / wanted if high > low else 1.0
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def _path(frame: Frame, points: Sequence[Point]) -> str:
    steps = (f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in points)
    return "M" + "L".join(steps)
