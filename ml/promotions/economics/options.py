"""The options a product may be promoted with: an offer and a support."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.promotions.mechanics.deal import Offer


@dataclass(frozen=True)
class Options:
    """Every offer with every support, in one order for every product.

    `offer` is the row in `offers` and `support` the support of each option, (options,).
    """

    offers: tuple[Offer, ...]
    offer: NDArray[np.int64]
    support: np.ndarray
    support_cost: Floats
    regular_price: Floats

    def across(self, name: str) -> Floats:
        """A field of the offers, (products, options)."""
        return np.stack([getattr(offer, name) for offer in self.offers], axis=1)[:, self.offer]

    def each(self, name: str) -> np.ndarray:
        """A field of the offers that is the same for every product, (options,)."""
        return np.array([getattr(offer, name) for offer in self.offers])[self.offer]

    @cached_property
    def price(self) -> Floats:
        """What a unit brings in when the whole offer is taken; nan where it cannot be offered."""
        return self.across("price")

    @cached_property
    def depth(self) -> Floats:
        """The true share off the regular price, nan where there is no price."""
        return 1 - self.price / self.regular_price[:, None]

    @property
    def learned(self) -> "Options":
        """The options as far as the data know them."""
        return replace(self, offers=tuple(offer.learned for offer in self.offers))

    def only(self, kept: NDArray[np.bool_]) -> "Options":
        """The options in `kept`, (options,)."""
        return replace(
            self,
            offer=self.offer[kept],
            support=self.support[kept],
            support_cost=self.support_cost[kept],
        )


def make_options(regular_price: Floats, offers: list[Offer], policy: Policy) -> Options:
    """Every offer with every support of the policy.

    Everybody sees a display, so none goes with an offer to an audience; a mailer goes to its
    members alone and costs their part.
    """
    pairs = [
        (support, place)
        for support, place in product(policy.supports, range(len(offers)))
        if offers[place].audience.is_everybody or "display" not in support
    ]
    cost = policy.support_cost_per_product_week
    return Options(
        offers=tuple(offers),
        offer=np.array([offer for _, offer in pairs]),
        support=np.array([support for support, _ in pairs]),
        support_cost=np.array([cost[s] * offers[o].audience.of_customers for s, o in pairs]),
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
