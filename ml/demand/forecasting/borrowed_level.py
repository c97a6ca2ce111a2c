"""Forecasts for products that have never sold: a level borrowed from those like them.

The model knows a new product's department, category and subcategory, whose effects it
inherits, its price and its plan; what it lacks is a level. That comes from a regression of
other products' levels on the same groups, the price and how they are promoted (what sells
much is promoted much), and how far products lie from it widens the forecast: a lognormal
level times a negative binomial has var = mu + mu^2 * ((1 + 1/r) * exp(s^2) - 1), that of a
negative binomial of another dispersion.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml.demand.data.panel import STATIC, Panel
from ml.demand.data.stockouts import LEVEL_WEEKS
from ml.demand.evaluation.metrics import weighted_quantile_loss
from ml.demand.evaluation.quantiles import quantiles

GROUPS = STATIC[:3]
PENALTY = 5.0  # on a group's deviation, in products of it that count as much as the others
FREE = 1e-6
STEPS = 12  # of reweighting: it has settled long before
FURTHEST = 3.0  # a product's pull in one step, in multiples of its expected level
SHARES = np.linspace(0.2, 1.2, 11)


@dataclass(frozen=True)
class LevelPrior:
    """Units a week of a product not promoted, given its groups, price and plan; `sd` of the log."""

    groups: dict[str, list[str]]
    weights: np.ndarray
    sd: float

    def log_mean(self, products: pd.DataFrame, price: np.ndarray, plan: np.ndarray) -> np.ndarray:
        """(N,) log of the level expected at the regular price; groups never seen add nothing.

        `price` (N,) is the regular one, `plan` (N, K) what `level_prior` was given for others.
        """
        return _design(self.groups, products, price, plan) @ self.weights


def level_prior(panel: Panel, effect: np.ndarray, plan: np.ndarray) -> LevelPrior:
    """Fit on the last weeks of the products that have sold.

    Args:
        panel: the weeks seen.
        effect: (N, W) log effect of price and support in the same weeks, divided out.
        plan: (N, K) how each product is promoted in the weeks ahead.

    Gamma quasi-likelihood with a log link (McCullagh and Nelder, "Generalized Linear Models",
    1989, ch. 8): a level's error grows with it, and it is its mean that is fitted. `sd` is of
    products left out of the last step.
    """
    sold, recent = panel.started[:, -1], slice(-LEVEL_WEEKS, None)
    usual = (np.exp(effect) * panel.started)[sold, recent].sum(axis=1)
    level = (panel.unconstrained[sold, recent].sum(axis=1) + 0.5) / (usual + 0.5)
    groups = {group: sorted(panel.products[group].unique()) for group in GROUPS}
    price = panel.regular_price[sold, -1]
    design = _design(groups, panel.products[sold], price, plan[sold])
    free = design.shape[1] - sum(len(values) for values in groups.values())
    weights, expected = _gamma_ridge(design, level, free)
    return LevelPrior(groups, weights, float((np.log(level) - expected).std()))


def _design(
    groups: dict[str, list[str]], products: pd.DataFrame, price: np.ndarray, plan: np.ndarray
) -> np.ndarray:
    """(N, 2 + K + groups): 1, log price, the plan, then one column a group."""
    columns = [np.ones((len(products), 1)), np.log(price)[:, None], plan]
    for group, values in groups.items():
        columns.append(products[group].to_numpy()[:, None] == np.array(values, dtype=object))
    return np.concatenate(columns, axis=1).astype(float)


def _gamma_ridge(design: np.ndarray, level: np.ndarray, free: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights, the first `free` of them not penalised, and each row's log mean when left out."""
    shrink = np.full(design.shape[1], PENALTY)
    shrink[:free] = FREE
    gram = np.linalg.inv(design.T @ design + np.diag(shrink))
    leverage = ((design @ gram) * design).sum(axis=1)
    log_mean = np.full(len(level), np.log(level.mean()))
    for _ in range(STEPS):
        away = np.clip(level / np.exp(log_mean) - 1, -FURTHEST, FURTHEST)
        weights = gram @ design.T @ (log_mean + away)
        last, log_mean = log_mean + away, design @ weights
    return weights, last - (last - log_mean) / (1 - leverage)


def with_borrowed_history(
    panel: Panel, rows: np.ndarray, level: np.ndarray, price: np.ndarray, origin: int
) -> Panel:
    """The panel as if each of `rows` had sold exp(level) in every week before the origin.

    They were not promoted in those weeks, and always at the regular `price`: nothing of what
    they did before the origin is left.
    """
    units = panel.units.copy()
    started, in_stock = panel.started.copy(), panel.in_stock.copy()
    units[rows, :origin] = np.exp(level)[:, None]
    started[rows], in_stock[rows, :origin] = True, True
    regular = panel.regular_price.copy()
    regular[rows] = price[:, None]
    changed = {
        name: getattr(panel, name).copy() for name in ("log_price_ratio", "display", "mailer")
    }
    for values in changed.values():
        values[rows, :origin] = 0.0
    changed |= {"units": units, "started": started, "in_stock": in_stock, "regular_price": regular}
    return replace(panel, products=panel.products, **changed)


def calibrated_share(
    units: np.ndarray, mean: np.ndarray, dispersion: np.ndarray, sd: float
) -> float:
    """The share of a level's `sd` with the least quantile loss on products forecast as if new.

    Part of how far a product's level lies from the expected one is chance of the weeks it was
    measured in, which the negative binomial's own dispersion already has.
    """
    losses = [
        weighted_quantile_loss(units, quantiles(mean, widened(dispersion, sd * s))) for s in SHARES
    ]
    return float(SHARES[int(np.argmin(losses))])


def widened(dispersion: np.ndarray, sd: float) -> np.ndarray:
    """The negative binomial's dispersion when its mean is lognormal with that sd of the log."""
    return 1 / ((1 + 1 / dispersion) * np.exp(sd**2) - 1)
