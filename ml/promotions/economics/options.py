"""The options a product may be promoted with: a deal and a support."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.promotions.mechanics.deal import Deal


@dataclass(frozen=True)
class Options:
    """Every deal with every support, in one order for every product.

    `deal` is the row in `deals` and `support` the support of each option, (options,).
    """

    deals: tuple[Deal, ...]
    deal: NDArray[np.int64]
    support: np.ndarray
    support_cost: Floats
    regular_price: Floats

    def across(self, name: str) -> Floats:
        """A field of the deals, (products, options)."""
        return np.stack([getattr(deal, name) for deal in self.deals], axis=1)[:, self.deal]

    def each(self, name: str) -> np.ndarray:
        """A field of the deals that is the same for every product, (options,)."""
        return np.array([getattr(deal, name) for deal in self.deals])[self.deal]

    @cached_property
    def price(self) -> Floats:
        """What a unit brings in when the whole deal is taken; nan where it cannot be offered."""
        return self.across("price")

    @cached_property
    def depth(self) -> Floats:
        """The true share off the regular price, nan where there is no price."""
        return 1 - self.price / self.regular_price[:, None]

    @property
    def learned(self) -> "Options":
        """The options as far as the data know them."""
        return replace(self, deals=tuple(deal.learned for deal in self.deals))

    def only(self, chosen: NDArray[np.bool_]) -> "Options":
        """The options in `chosen`, (options,)."""
        return replace(
            self,
            deal=self.deal[chosen],
            support=self.support[chosen],
            support_cost=self.support_cost[chosen],
        )


def make_options(regular_price: Floats, deals: list[Deal], policy: Policy) -> Options:
    """Every deal with every support of the policy.

    Everybody sees a display, so none goes with a deal to an audience; a mailer goes to its
    members alone and costs their part.
    """
    pairs = [
        (support, place)
        for support, place in product(policy.supports, range(len(deals)))
        if deals[place].audience.is_everybody or "display" not in support
    ]
    cost = policy.support_cost_per_product_week
    return Options(
        deals=tuple(deals),
        deal=np.array([deal for _, deal in pairs]),
        support=np.array([support for support, _ in pairs]),
        support_cost=np.array([cost[s] * deals[o].audience.of_customers for s, o in pairs]),
        regular_price=regular_price,
    )


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
