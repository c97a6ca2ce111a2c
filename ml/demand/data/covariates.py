"""What the demand model reads of a panel: covariates by product and week."""

from collections.abc import Iterator

import numpy as np

from ml.demand.data.calendar import month_starts
from ml.demand.data.depths import regular_moves
from ml.demand.data.groups import numbered, others_mean, trend
from ml.demand.data.panel import DEEPEST, USUAL_WEEKS, Panel
from ml.demand.data.survival import log_alive

EFFECTS = ("price", "regular", "display", "mailer")
CONTEXT = (
    "rivals_price",
    "rivals_mailer",
    "rivals_display",
    "rivals_near_price",
    "rivals_near_mailer",
    "rivals_shop_price",
    "holiday",
    "holiday_next_week",
    "month_start",
)
CALENDAR = ("month_start",)  # of `CONTEXT`: what moves every product alike
HISTORY = ("category_trend", "shop_trend", "log_alive")
PRICE_STEP = 0.05  # a plan's depths and prices are known to this share


def covariates(
    panel: Panel, planned_weeks: int = 0, price_step: float = PRICE_STEP
) -> dict[str, np.ndarray]:
    """What the model reads of each product and week, `planned_weeks` past the panel's end.

    Prices are those of a plan, not those realised to the cent: depths and regular prices are
    rounded to `price_step`; 0 leaves them as they were.

    Returns:
        `effects` (N, W + planned, 4) in the order of `EFFECTS`, `context` in the order of
        `CONTEXT`, and of the past alone `history` (N, W, 3) in the order of `HISTORY`. Weeks
        past the end are at the last regular price and not promoted, and the other products are
        promoted as in the last `USUAL_WEEKS`. The arrays are read-only: they are computed once
        for a panel.
    """
    key = ("covariates", planned_weeks, price_step)
    if key not in panel.derived:
        panel.derived[key] = _compute(panel, planned_weeks, price_step)
    return dict(panel.derived[key])


def _compute(panel: Panel, planned_weeks: int, price_step: float) -> dict[str, np.ndarray]:
    price, regular = _planned_prices(panel, price_step)
    past, weeks = len(panel.weeks), len(panel.weeks) + planned_weeks
    effects = np.zeros((len(regular), weeks, len(EFFECTS)), "float32")
    for effect, grid in enumerate((price, regular, panel.display, panel.mailer)):
        effects[:, :past, effect] = grid
    effects[:, past:, EFFECTS.index("regular")] = regular[:, -1:]
    context = np.empty((len(regular), weeks, len(CONTEXT)), "float32")
    for column, grid in enumerate(_rivals(panel, price)):
        context[..., column] = _extended(grid, planned_weeks)
    for ahead, name in enumerate(("holiday", "holiday_next_week")):
        context[..., CONTEXT.index(name)] = panel.holiday[ahead : weeks + ahead]
    context[..., CONTEXT.index("month_start")] = month_starts(panel.weeks[0], weeks)
    category, shop = numbered(panel.products["category"]), np.zeros(len(regular), int)
    history = [
        trend(panel.unconstrained, category),
        trend(panel.unconstrained, shop),
        log_alive(panel.units, panel.is_demand),
    ]
    computed = {
        "effects": effects,
        "context": context,
        "history": np.stack([grid.astype("float32") for grid in history], axis=-1),
    }
    for values in computed.values():
        values.flags.writeable = False
    return computed


def _planned_prices(panel: Panel, step: float) -> tuple[np.ndarray, np.ndarray]:
    """(N, W) log price over regular, and log regular price over the product's first."""
    regular = regular_moves(panel.regular_price, panel.started)
    if not step:
        return panel.log_price_ratio, regular
    depth = np.round(-np.expm1(panel.log_price_ratio) / step) * step
    return np.log1p(-np.minimum(depth, DEEPEST)), np.round(regular / step) * step


def _rivals(panel: Panel, price: np.ndarray) -> Iterator[np.ndarray]:
    """How the category's, the subcategory's and all other products are promoted, week by week."""
    category, near = (numbered(panel.products[c]) for c in ("category", "subcategory"))
    yield others_mean(-price, panel.started, category)
    yield others_mean(panel.mailer, panel.started, category)
    yield others_mean(panel.display, panel.started, category)
    yield others_mean(-price, panel.started, near)
    yield others_mean(panel.mailer, panel.started, near)
    yield others_mean(-price, panel.started, np.zeros_like(near))


def _extended(values: np.ndarray, weeks: int) -> np.ndarray:
    usual = values[:, -USUAL_WEEKS:].mean(axis=1, keepdims=True)
    return np.concatenate([values, np.repeat(usual, weeks, axis=1)], axis=1)


def window(panel: Panel, known: dict[str, np.ndarray], origin: int, horizon: int) -> dict:
    """The model's input at an origin: history of `origin` weeks, covariates `horizon` further.

    Covariates past those known are zero: such targets carry no weight in training.
    """
    ahead = origin + horizon
    short = max(0, ahead - known["effects"].shape[1])
    padding = [(0, 0), (0, short), (0, 0)]
    return {
        "units": panel.unconstrained[:, :origin].astype("float32"),
        "started": panel.started[:, :origin].astype("float32"),
        "in_stock": panel.in_stock[:, :origin].astype("float32"),
        "history": known["history"][:, :origin],
        **{name: np.pad(known[name][:, :ahead], padding) for name in ("effects", "context")},
    }
