"""Gifts come first: what is given free takes part in nothing else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ml.quoting.basket import GiftDue, Line
from ml.quoting.promotions import Gift
from ml.quoting.rules import Allowance, Redemption, Standing, whole_sets


@dataclass
class GivenFree:
    """What the gifts of a basket come to.

    free:        units in the basket that are given, by product and promotion.
    redemptions: of the promotions that give, by product.
    due:         gifts that the basket does not hold yet.
    """

    free: dict[str, Counter[Gift]] = field(default_factory=dict)
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    due: list[GiftDue] = field(default_factory=list)

    def units(self, product_id: str) -> int:
        """Units of a product that are given free."""
        return sum(self.free.get(product_id, Counter()).values())


def give(
    basket: Mapping[str, Line], promotions: list[Gift], allowances: Mapping[str, Allowance]
) -> GivenFree:
    """For every N paid units of a product its gift, from the basket first, then added.

    Promotions are taken in the order of their ids. Units that were paid to earn a gift are
    never given away by a later one.
    """
    given, earning = GivenFree(), Counter[str]()
    for promotion in sorted(promotions, key=lambda each: each.promotion_id):
        product, gift = promotion.product_id, promotion.gift_product_id
        line = basket[product]
        own = line.quantity - given.units(product)
        standing = Standing(own, line.regular_price, allowances[product], {})
        sets, given.redemptions[product] = whole_sets(promotion.buy_qty, standing)
        earning[product] += sets * promotion.buy_qty
        gifts = sets * promotion.get_qty
        in_basket = basket[gift].quantity if gift in basket else 0
        from_basket = min(gifts, in_basket - given.units(gift) - earning[gift])
        if from_basket:
            given.free.setdefault(gift, Counter())[promotion] += from_basket
        if gifts > from_basket:
            given.due.append(GiftDue(promotion.promotion_id, gift, gifts - from_basket))
    return given
