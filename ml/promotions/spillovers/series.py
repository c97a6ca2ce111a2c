"""Weekly sales taken apart: what promotions were expected to add, and what is left over."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.demand.data.panel import Panel

SMOOTH = 13  # weeks over which level and season may drift, centred
LEAST = 1e-6


@dataclass(frozen=True)
class Series:
    """Arrays are (products, weeks), weeks from Monday, oldest first.

    units:    items sold.
    lift:     units over those without promotion, by the demand model's responses.
    level:    units of a usual week without promotion.
    precision: one over the variance of units.
    started:  bool, since the first sale.
    category: (products,) codes of `categories`.
    """

    units: Floats
    lift: Floats
    level: Floats
    precision: Floats
    started: np.ndarray
    category: np.ndarray
    categories: pd.Index

    @property
    def extra(self) -> Floats:
        """Units that promotions were expected to add; taken from the plan, not from sales."""
        return self.weight * (self.lift - 1)

    @property
    def weight(self) -> Floats:
        """A product's part in its category's usual sales."""
        return np.where(self.started, self.level, 0.0)

    @property
    def mean(self) -> Floats:
        """Units expected."""
        return self.weight * self.lift

    @cached_property
    def left(self) -> Floats:
        """Units beyond those expected."""
        return self.residual(self.units)

    def residual(self, values: Floats) -> Floats:
        """What remains of additive units once a level that drifts slowly has taken its part.

        Applied alike to sales and to what may explain them, so that a regression between the
        two is not misled by level, trend and season.
        """
        usual = _smooth(values, self.started) / np.maximum(_smooth(self.lift, self.started), LEAST)
        return np.where(self.started, values - self.lift * usual, 0.0)

    def only(self, chosen: np.ndarray) -> "Series":
        """The products in `chosen`, bool (products,)."""
        grids = {name: getattr(self, name)[chosen] for name in GRIDS}
        return replace(self, category=self.category[chosen], **grids)


GRIDS = ("units", "lift", "level", "precision", "started")


def make_series(panel: Panel, responses: pd.DataFrame) -> Series:
    """The products of `panel` with a row in `responses` (RESPONSES)."""
    rows = responses.set_index("product_id").reindex(panel.products["product_id"])
    modelled = rows["elasticity"].notna().to_numpy()
    rows, started = rows[modelled], panel.is_demand[modelled]
    effect = (
        _column(rows, "elasticity") * panel.log_price_ratio[modelled]
        + _column(rows, "display_lift") * panel.display[modelled]
        + _column(rows, "mailer_lift") * panel.mailer[modelled]
    )
    lift = np.exp(effect)
    units = panel.units[modelled]
    usual = (units * started).sum(axis=1) / np.maximum((lift * started).sum(axis=1), LEAST)
    level = np.broadcast_to(usual[:, None], units.shape)
    mean = np.maximum(level * lift, LEAST)
    code, names = pd.factorize(panel.products["category"][modelled], sort=True)
    return Series(
        units=units,
        lift=lift,
        level=level,
        precision=started / (mean + mean**2 / _column(rows, "dispersion")),
        started=started,
        category=code,
        categories=pd.Index(names),
    )


def _column(rows: pd.DataFrame, name: str) -> Floats:
    return rows[name].to_numpy(float)[:, None]


def _smooth(values: Floats, started: np.ndarray) -> Floats:
    """Centred sums over SMOOTH weeks, fewer at the ends, since each product's first sale."""
    chosen = np.where(started, values, 0.0)
    sums = np.cumsum(np.pad(chosen, [(0, 0), (1, 0)]), axis=1)
    week, half = np.arange(values.shape[1]), SMOOTH // 2
    last = np.minimum(week + half + 1, values.shape[1])
    return np.asarray(sums[:, last] - sums[:, np.maximum(week - half, 0)])
