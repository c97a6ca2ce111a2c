"""Rows for LightGBM: a product, the week a forecast is made from, and how far ahead it looks.

Every feature of the past is a grid (N, W) whose column t was known at the end of week t;
what is known of the target week is read from the same `covariates` that our model reads.
"""

import re

import numpy as np
import pandas as pd

from ml.contracts.dbt_vars import ON_PROMOTION_DEPTH
from ml.demand.data.covariates import CONTEXT, EFFECTS, HISTORY
from ml.demand.data.lifts import summed
from ml.demand.data.panel import STATIC, Panel
from ml.demand.data.stockouts import LEVEL_WEEKS
from ml.demand.network.structured import REGULAR

LAGS = 8
SPANS = (4, 8, 13, 26, 52)
PRIOR_WEEKS = 1.0
CATEGORICAL = STATIC[:3]
PROMOTED = np.log(1 - ON_PROMOTION_DEPTH)
MADE = re.compile("expected|level_|.+_lift|log_alive")  # features with something of our model


def past_features(
    panel: Panel, effects: np.ndarray, history: np.ndarray, lift: np.ndarray
) -> dict[str, np.ndarray]:
    """Grids (N, W) of what was known at the end of each week.

    Args:
        panel: the weeks seen.
        effects: (N, W, 4) of the same weeks, in the order of `EFFECTS`.
        history: (N, W, 4) of the same weeks, in the order of `HISTORY`.
        lift: (4,) log effect of each of them, which the adjusted levels divide out.
    """
    units, counts = panel.unconstrained, panel.started.astype(float)
    usual = np.exp(effects @ lift) * counts
    grids = {f"lag_{k}": shifted(units, k) for k in range(LAGS)}
    for span in SPANS:
        weeks = summed(counts, span)
        grids[f"mean_{span}"] = summed(units, span) / np.maximum(weeks, 1)
        grids[f"level_{span}"] = np.log(
            (summed(units, span) + 0.5) / (summed(usual, span) + PRIOR_WEEKS / 2)
        )
    for span in (8, 26):
        mean = grids[f"mean_{span}"]
        square = summed(units**2, span) / np.maximum(summed(counts, span), 1)
        grids[f"sd_{span}"] = np.sqrt(np.maximum(square - mean**2, 0.0))
    grids["sold_share"] = summed((units > 0).astype(float), LEVEL_WEEKS) / LEVEL_WEEKS
    grids["weeks_on_sale"] = np.cumsum(counts, axis=1)
    grids["weeks_since_sale"] = since(units > 0)
    for number, name in enumerate(EFFECTS):
        grids[f"{name}_now"] = effects[..., number]
        grids[f"{name}_usual"] = summed(effects[..., number], LEVEL_WEEKS) / LEVEL_WEEKS
    for name, promoted in support(effects).items():
        seen = summed(promoted * counts, 52)
        grids[f"{name}_weeks"] = seen
        grids[f"{name}_since"] = since(promoted)
        grids[f"{name}_lift"] = np.log(
            (summed(units * promoted, 52) + 0.5)
            / (summed(promoted * counts * np.exp(grids["level_52"]), 52) + 0.5)
        )
    grids["category_season"] = category_season(panel)
    for number, name in enumerate(HISTORY):
        grids[f"{name}_now"] = history[..., number]
        grids[f"{name}_usual"] = summed(history[..., number], LEVEL_WEEKS) / LEVEL_WEEKS
    grids["regular_price"] = np.broadcast_to(panel.regular_price, units.shape)
    return grids


def support(effects: np.ndarray) -> dict[str, np.ndarray]:
    """Weeks with a discount, on display and in the mailer, as 0 and 1."""
    price, _, display, mailer = np.moveaxis(effects, -1, 0)
    return {
        "discount": (price < PROMOTED).astype(float),
        "display": (display > 0).astype(float),
        "mailer": (mailer > 0).astype(float),
    }


def shifted(values: np.ndarray, weeks: int) -> np.ndarray:
    """`values` that many weeks earlier; NaN before the first."""
    empty = np.full((len(values), weeks), np.nan)
    return np.concatenate([empty, values[:, : values.shape[1] - weeks]], axis=1)


def since(happened: np.ndarray) -> np.ndarray:
    """Weeks since it last did; counted from before the first week when it never did."""
    weeks = np.arange(happened.shape[1])
    return weeks - np.maximum.accumulate(np.where(happened > 0, weeks, -1), axis=1)


def category_season(panel: Panel) -> np.ndarray:
    """Log of the category's units in the last 4 weeks against the 13 before each week."""
    groups = pd.factorize(panel.products["category"], sort=True)[0]
    total = np.zeros((groups.max() + 1, panel.units.shape[1]))
    np.add.at(total, groups, panel.units)
    short, long = summed(total, 4) / 4, summed(total, LEVEL_WEEKS) / LEVEL_WEEKS
    return np.log((short + 1) / (long + 1))[groups]


def design(
    past: dict[str, np.ndarray],
    known: dict[str, np.ndarray],
    panel: Panel,
    weeks: np.ndarray,
    horizons: np.ndarray,
    lift: np.ndarray,
) -> pd.DataFrame:
    """A row per (product, week of `weeks`, weeks ahead of `horizons`), in that order.

    `known` are the covariates up to the last target week.
    """
    count = len(panel.products)
    shape = (count, len(weeks), len(horizons))
    target = weeks[:, None] + horizons

    def spread(grid: np.ndarray) -> np.ndarray:
        return np.broadcast_to(grid, shape).astype("float32").ravel()

    columns = {name: spread(grid[:, weeks, None]) for name, grid in past.items()}
    effects, context = known["effects"][:, target], known["context"]
    effects[..., REGULAR] = known["effects"][:, weeks, REGULAR][..., None]  # as our model reads it
    for number, name in enumerate(EFFECTS):
        planned = effects[..., number]
        columns[f"{name}_planned"] = spread(planned)
        columns[f"{name}_change"] = spread(planned - past[f"{name}_usual"][:, weeks, None])
    for number, name in enumerate(CONTEXT):
        columns[f"{name}_planned"] = spread(context[:, target, number])
    columns["expected"] = spread(past["level_8"][:, weeks, None] + effects @ lift)
    columns["ahead"] = spread(horizons)
    for name in CATEGORICAL:
        codes = pd.factorize(panel.products[name], sort=True)[0]
        columns[name] = spread(codes[:, None, None])
    return pd.DataFrame(columns, copy=False)


def plain(rows: pd.DataFrame, products: int) -> pd.DataFrame:
    """The rows of `design` without what is `MADE`, and with the number of the product.

    What is left are lags, means and spreads of the product's own units, its groups, the calendar,
    and prices, depths and support, its own and its rivals', as they were and as they are planned.
    """
    numbers = np.repeat(np.arange(products), len(rows) // products)
    return rows[[name for name in rows if not MADE.match(str(name))]].assign(product=numbers)
