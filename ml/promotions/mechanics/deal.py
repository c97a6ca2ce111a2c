"""A deal: one mechanic on one set of terms, in the numbers that every mechanic shares.

A product's demand at regular price splits into three. `share` of it takes the deal on its
usual purchase and responds to it as to a price cut; `joining` would not qualify, but changes
its purchase until it does; the rest pays the regular price. Only `share` comes from what
baskets show; `joining` is a prior, named in `priors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.arrays import Floats
from ml.promotions.audiences.audience import EVERYBODY, Audience
from ml.promotions.mechanics.baskets import Habits


@dataclass(frozen=True)
class Shop:
    """What a deal is made from: products in the plan's order, and what baskets show.

    Arrays are (products,), prices and costs of a unit, money.
    """

    product_id: NDArray[np.object_]
    regular_price: Floats
    unit_cost: Floats
    habits: Habits


@dataclass(frozen=True)
class Companion:
    """Another product that a deal needs: its row in the shop, -1 for none, (products,).

    `units` of it go with each discounted unit.
    """

    row: NDArray[np.int64]
    units: Floats


@dataclass(frozen=True)
class Deal:
    """Arrays are (products,); money in the shop's currency, shares of 1.

    terms:      columns of the plan that say what is offered, scalars or arrays.
    price:      what a unit brings in when the whole deal is taken; nan: cannot be offered.
    felt:       the price cut that takers respond to, a share of the regular price.
    share:      of demand, takes the deal on its usual purchase.
    discounted: of the takers' units, sold at `price`.
    joining:    of demand, changes its purchase to qualify.
    bought:     units a joiner buys for each one it would have bought.
    aside:      money that a joiner's usual unit earns or loses elsewhere.
    funded:     the supplier shares the markdown.
    felt_is_prior: the data say nothing about how the deal is felt.
    priors:     entries of assumptions.yml that the deal leans on.
    opens:      from the week's Monday to the deal's start; `lasts` from there to its end.
    """

    mechanic: str
    terms: Mapping[str, Any]
    price: Floats
    felt: Floats
    share: Floats
    discounted: Floats
    joining: Floats
    bought: Floats
    aside: Floats
    funded: bool = True
    felt_is_prior: bool = False
    priors: tuple[str, ...] = ()
    companion: Companion | None = None
    audience: Audience = EVERYBODY
    opens: pd.Timedelta = field(default=pd.Timedelta(0))
    lasts: pd.Timedelta = field(default=pd.Timedelta(days=7))

    @property
    def learned(self) -> "Deal":
        """The deal as far as the data know it: nobody joins.

        Where how it is felt is itself a prior, takers take it and buy no more.
        """
        none = np.zeros_like(self.share)
        if self.felt_is_prior:
            return replace(self, share=none, joining=self.share, aside=none)
        return replace(self, joining=none)

    def no_shallower(self, depth: float) -> "Deal":
        """The deal where takers feel a price cut of at least `depth`."""
        return replace(self, price=np.where(self.felt >= depth, self.price, np.nan))


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part` / `whole`, 0 where there is nothing of the whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def price_cut(mechanic: str, regular: Floats, price: Floats, **more: Any) -> Deal:
    """Every unit is sold at `price`, and felt as what it is; `more` replaces fields."""
    one, none = np.ones_like(regular), np.zeros_like(regular)
    plain = Deal(
        mechanic=mechanic,
        terms={},
        price=price,
        felt=1 - price / regular,
        share=one,
        discounted=one,
        joining=none,
        bought=one,
        aside=none,
    )
    return replace(plain, **more)
