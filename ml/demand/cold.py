"""Forecasts for products that have never sold: a level borrowed from those like them.

The model knows a new product's department, category and subcategory, whose effects it
inherits, and its price; what it lacks is a level. That comes from a ridge regression of
other products' levels on the same groups and the price, and how far products lie from it
widens the forecast: a lognormal level times a negative binomial has
var = mu + mu^2 * ((1 + 1/r) * exp(s^2) - 1), that of a negative binomial of another size.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml.demand.windows import STATIC, Panel

GROUPS = STATIC[:3]
RECENT = 13
PENALTIES = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class LevelPrior:
    """Log units a week of a product not promoted, given its groups and price; `sd` of one."""

    known: dict[str, list[str]]
    weights: np.ndarray
    sd: float

    def mean(self, products: pd.DataFrame, price: np.ndarray) -> np.ndarray:
        """(N,) log level of each product at its regular price; groups never seen add nothing."""
        return _design(self.known, products, price) @ self.weights


def level_prior(panel: Panel, effect: np.ndarray) -> LevelPrior:
    """Fit on the last weeks of the products that have sold.

    Args:
        panel: the weeks seen.
        effect: (N, W) log effect of price and support in the same weeks, divided out.

    The penalty has the least leave-one-out error (Golub, Heath and Wahba, 1979).
    """
    sold, recent = panel.started[:, -1], slice(-RECENT, None)
    usual = (np.exp(effect) * panel.started)[sold, recent].sum(axis=1)
    level = np.log((panel.units[sold, recent].sum(axis=1) + 0.5) / (usual + 0.5))
    known = {group: sorted(panel.products[group].unique()) for group in GROUPS}
    design = _design(known, panel.products[sold], panel.regular_price[sold, -1])
    fits = [_ridge(design, level, penalty) for penalty in PENALTIES]
    weights, errors = min(fits, key=lambda fit: float((fit[1] ** 2).mean()))
    return LevelPrior(known, weights, float(np.sqrt((errors**2).mean())))


def _design(known: dict[str, list[str]], products: pd.DataFrame, price: np.ndarray) -> np.ndarray:
    """(N, 2 + groups): 1, log price, then one column a group."""
    columns = [np.ones((len(products), 1)), np.log(price)[:, None]]
    for group, values in known.items():
        columns.append(products[group].to_numpy()[:, None] == np.array(values, dtype=object))
    return np.concatenate(columns, axis=1).astype(float)


def _ridge(design: np.ndarray, level: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and each row's error when it is left out; the intercept is hardly penalised."""
    shrink = np.full(design.shape[1], penalty)
    shrink[:2] = 1e-6
    gram = np.linalg.inv(design.T @ design + np.diag(shrink))
    weights = gram @ design.T @ level
    leverage = np.einsum("ni,ij,nj->n", design, gram, design)
    return weights, (level - design @ weights) / (1 - leverage)


def with_borrowed_history(panel: Panel, rows: np.ndarray, level: np.ndarray, origin: int) -> Panel:
    """The panel as if each of `rows` had sold exp(level) in every week before the origin.

    They were not promoted in those weeks, and always at the regular price of the first week
    ahead: nothing of what they did before the origin is left.
    """
    units, started = panel.units.copy(), panel.started.copy()
    units[rows, :origin] = np.exp(level)[:, None]
    started[rows] = True
    regular = panel.regular_price.copy()
    regular[rows] = regular[rows, origin : origin + 1]
    promoted = {name: getattr(panel, name).copy() for name in ("ratio", "display", "mailer")}
    for values in promoted.values():
        values[rows, :origin] = 0.0
    return replace(panel, units=units, started=started, regular_price=regular, **promoted)


def widened(size: np.ndarray, sd: float) -> np.ndarray:
    """The negative binomial's size when its mean is lognormal with that sd of the log."""
    return 1 / ((1 + 1 / size) * np.exp(sd**2) - 1)
