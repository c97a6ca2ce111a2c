"""The options a product may be promoted with: a price on the ladder and a support."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from ml.promotions.policy import Policy

MECHANIC = "percent_off"
FARTHEST = 0.05


@dataclass(frozen=True)
class Options:
    """Options in one order for every product; arrays are (products, options).

    `support` names each option's support, (options,). `price` is the promo price and
    `depth` its true share off the regular price, both nan where the ladder has no price
    within FARTHEST of the asked depth, or only one that a nearer depth already takes.
    """

    support: np.ndarray
    support_cost: np.ndarray
    price: np.ndarray
    depth: np.ndarray


def make_options(regular_price: np.ndarray, policy: Policy) -> Options:
    asked = np.sort(np.array(policy.mechanics.percent_off.depths))
    ladder = ladder_price(regular_price[:, None] * (1 - asked), policy.price_ending)
    depth = 1 - ladder / regular_price[:, None]
    off = np.abs(depth - asked)
    taken = [_nearer_twin(ladder, off, column) for column in range(len(asked))]
    usable = (ladder > 0) & (depth > 0) & (off <= FARTHEST) & ~np.stack(taken, axis=1)
    pairs = list(product(policy.supports, range(len(asked))))
    column = [depth_column for _, depth_column in pairs]
    price = np.where(usable, ladder, np.nan)
    return Options(
        support=np.array([support for support, _ in pairs]),
        support_cost=np.array([policy.support_cost_per_product_week[s] for s, _ in pairs]),
        price=price[:, column],
        depth=np.where(usable, depth, np.nan)[:, column],
    )


def ladder_price(price: np.ndarray, ending: float) -> np.ndarray:
    """The price nearest to `price` that ends in `ending`: 3.42 with .09 is 3.39.

    Endings below ten cents repeat every ten cents, others every whole unit.
    """
    cents, end = np.round(price * 100, 6), round(ending * 100)
    step = 10 if end < 10 else 100
    return (np.floor((cents - end) / step + 0.5) * step + end) / 100


def support_shares(weeks: pd.DataFrame, categories: pd.Series, least: float) -> pd.DataFrame:
    """The typical share of stores behind a display or mailer, (category) x (display, mailer).

    `weeks` is FCT_PRODUCT_WEEKS, `categories` maps product_id. A week counts as supported
    from a share of `least`; the median over a category's supported weeks, over all
    categories' where it has none, and 0 where no product ever was supported.
    """
    category = weeks["product_id"].map(categories)
    shares = {}
    for support in ("display", "mailer"):
        share = weeks[f"{support}_share"]
        supported = share[share >= least]
        overall = float(supported.median()) if len(supported) else 0.0
        typical = supported.groupby(category[supported.index]).median()
        shares[support] = typical.reindex(sorted(categories.unique())).fillna(overall)
    return pd.DataFrame(shares)


def _nearer_twin(ladder: np.ndarray, off: np.ndarray, column: int) -> np.ndarray:
    """Whether another depth has the same ladder price and is nearer to it (ties: shallower)."""
    same = np.isclose(ladder, ladder[:, [column]])
    order = np.arange(ladder.shape[1])
    nearer = (off < off[:, [column]] - 1e-9) | (
        (np.abs(off - off[:, [column]]) <= 1e-9) & (order < column)
    )
    return (same & nearer).any(axis=1)
