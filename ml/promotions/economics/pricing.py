"""What a unit sold under each option brings in, averaged over those who take the deal or not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.promotions.economics.demand import Multiplier, multiplier
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.spillovers.valuation import Spillovers


@dataclass(frozen=True)
class PricedOptions:
    """Options with their demand and their money per unit sold, averaged over all buyers.

    response:       demand over baseline, before stock.
    taken:          the share of the units sold that are sold at the deal's price.
    markdown:       what a unit is sold below the regular price, money.
    unit_margin:    what is left of its price after unit cost, with the supplier's part of the
                    markdown and what else the deal brings, money.
    regular_margin: a unit's margin at the regular price, money, (products, 1).
    spillovers:     what an extra unit costs other sales, (products,).
    support_cost:   of a product and week, money, (options,).

    Arrays are (products, options) unless another shape is given.
    """

    response: Multiplier
    taken: Floats
    markdown: Floats
    unit_margin: Floats
    regular_margin: Floats
    spillovers: Spillovers
    support_cost: Floats

    def margin(self, units: Floats, baseline: Floats) -> Floats:
        """Margin over no promotion; `units` and `baseline` are (products, weeks, options)."""
        margin, regular = self.unit_margin[:, None, :], self.regular_margin[:, None, :]
        lost = self.spillovers.money[:, None, None] * (units - baseline)
        return units * margin - baseline * regular - lost - self.support_cost


def price_options(
    items: Items, options: Options, shares: pd.DataFrame, spillovers: Spillovers
) -> PricedOptions:
    """Average each option's money over those who take its deal, join it, or pass.

    `shares` (display, mailer) holds one row per product.
    """
    response = multiplier(items.responses, shares, options)
    regular, unit_cost = items.regular_price[:, None], items.unit_cost[:, None]
    takers = options.across("share") * response.takers.mean * options.across("discounted")
    joiners = options.across("joining")
    taken = (takers + joiners * options.across("bought")) / response.mean
    markdown = taken * (regular - options.price)
    aside = joiners * options.across("aside") / response.mean
    own = 1 - items.funding[:, None] * options.each("funded")
    return PricedOptions(
        response=response,
        taken=taken,
        markdown=markdown,
        unit_margin=np.asarray(regular - unit_cost - own * markdown + aside),
        regular_margin=regular - unit_cost,
        spillovers=spillovers,
        support_cost=options.support_cost,
    )
