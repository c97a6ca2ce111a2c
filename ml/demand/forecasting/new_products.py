"""Products that have never sold: which of them are forecast, and how.

Each is forecast as if it had sold, week after week, what `cold` expects of a product of its
groups and price: the network reads that history, the effects are its groups', and the dispersion is
widened by how far levels lie from what is expected of them. How much of that distance is chance
of the weeks it was measured in is chosen on products that have sold, forecast as if they had
not.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from ml.demand.data.covariates import covariates
from ml.demand.data.lifts import pooled_lift
from ml.demand.data.panel import STATIC, Panel
from ml.demand.evaluation.backtest import HORIZON, LEAST_HISTORY
from ml.demand.fitting.fit import predict_once
from ml.demand.forecasting import borrowed_level
from ml.demand.forecasting.expected_demand import ExpectedDemand
from ml.demand.forecasting.explanations import PROMOTION
from ml.demand.network.structured import StructuredDemand
from ml.weeks import monday_of

EVERY = 10  # one product in so many is held out


def never_sold(products: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """`STATIC` and `list_price` of merchandise that sold in no complete week before `as_of`.

    `products` holds rows of DIM_PRODUCTS.
    """
    monday = pd.Timestamp(monday_of(as_of))
    first = pd.to_datetime(products["first_sold_on"])
    new = products["is_merchandise"] & products["list_price"].notna()
    new &= first.isna() | (first >= monday)
    return products.loc[new, [*STATIC, "list_price"]].reset_index(drop=True)


def newcomers(
    model: StructuredDemand, panel: Panel, products: pd.DataFrame, most: int, seed: int
) -> ExpectedDemand:
    """The `most` of `products` (`never_sold`) that are expected to sell for most money.

    Their rows hold the history they borrow. `seed` draws the products that the spread is
    chosen on.
    """
    prior = level_prior(panel, np.empty((len(panel.products), 0)))
    price = products["list_price"].to_numpy("float64")
    level = prior.log_mean(products, price, np.empty((len(products), 0)))
    best = np.sort(np.argsort(-np.exp(level) * price, kind="stable")[:most])
    both = panel.joined(unsold(panel, products.iloc[best]))
    new, origin = np.arange(len(both.products)) >= len(panel.products), len(panel.weeks)
    rows, inputs = borrowing(both, new, level[best], price[best], origin, model.horizon)
    mean, dispersion = predict_once(model, rows, inputs, origin)
    sd = prior.sd * level_sd_share(model, panel, origin, seed)
    return ExpectedDemand(rows, inputs, mean, borrowed_level.widened(dispersion, sd))


def unsold(panel: Panel, products: pd.DataFrame) -> Panel:
    """Rows beside the panel's of `products` that sold nothing, at their list price."""
    none = np.zeros((len(products), len(panel.weeks)))
    price = products["list_price"].to_numpy("float64")[:, None]
    return Panel(
        products=products[list(STATIC)],
        weeks=panel.weeks,
        units=none,
        started=none > 0,
        in_stock=none == 0,
        regular_price=none + price,
        log_price_ratio=none,
        display=none,
        mailer=none,
        holiday=panel.holiday,
    )


def unseen(
    model: StructuredDemand, panel: Panel, new: np.ndarray, origin: int, by_plan: bool = False
) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and dispersion (N, horizon) of the rows `new` without their past, and the level's sd.

    The model takes them for products it was not trained on. With `by_plan` levels depend on
    how much a product is promoted in the weeks ahead, too: what sells much is promoted much.
    """
    ahead = promotion(panel, origin) if by_plan else np.empty((len(new), 0))
    prior = level_prior(panel.rows(~new).until(origin), ahead[~new])
    price = panel.regular_price[new, origin]
    level = prior.log_mean(panel.products[new], price, ahead[new])
    rows, inputs = borrowing(panel, new, level, price, origin, model.horizon)
    rows = replace(rows, products=rows.products.assign(product_id=""))
    return *predict_once(model, rows, inputs, origin), prior.sd


def level_sd_share(
    model: StructuredDemand, panel: Panel, origin: int, seed: int, by_plan: bool = False
) -> float:
    """`cold.calibrated_share` on a tenth of the products, in the last weeks before the origin.

    1 where there are too few weeks, or nothing sold in them.
    """
    before = origin - min(HORIZON, model.horizon)
    if before < LEAST_HISTORY:
        return 1.0
    seen = panel.until(origin)
    some = held_out(panel.products, seed) & panel.started[:, before - 1]
    units = seen.demand[some, before:]
    if not np.nansum(units):
        return 1.0
    mean, dispersion, sd = unseen(model, seen, some, before, by_plan)
    weeks = units.shape[1]
    return borrowed_level.calibrated_share(units, mean[:, :weeks], dispersion[:, :weeks], sd)


def level_prior(seen: Panel, ahead: np.ndarray) -> borrowed_level.LevelPrior:
    """`cold.level_prior` of the weeks seen, with lifts common to all products divided out."""
    return borrowed_level.level_prior(seen, seen.realised @ pooled_lift(seen), ahead)


def borrowing(
    panel: Panel, new: np.ndarray, level: np.ndarray, price: np.ndarray, origin: int, horizon: int
) -> tuple[Panel, dict[str, np.ndarray]]:
    """The rows `new` with the history they borrow before the origin, and their covariates."""
    borrowed = borrowed_level.with_borrowed_history(panel, new, level, price, origin)
    inputs = covariates(borrowed, max(0, origin + horizon - len(panel.weeks)))
    return borrowed.rows(new), {name: values[new] for name, values in inputs.items()}


def promotion(panel: Panel, origin: int) -> np.ndarray:
    """(N, 3) mean planned log price, display and mailer share of the weeks ahead."""
    ahead = covariates(panel)["effects"][:, origin : origin + HORIZON, PROMOTION]
    return np.asarray(ahead.mean(axis=1), "float64")


def held_out(products: pd.DataFrame, seed: int) -> np.ndarray:
    """(N,) bool: every tenth product, drawn at random within categories."""
    drawn = np.random.default_rng(seed).permutation(len(products))
    order = drawn[np.argsort(products["category"].to_numpy()[drawn], kind="stable")]
    chosen = np.zeros(len(products), bool)
    chosen[order[::EVERY]] = True
    return chosen
