"""Gifts come first: what is given free takes part in nothing else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ml.quoting.rules import Outcome, Room, Standing, whole_sets
from ml.quoting.terms import GiftDue, Line, Promotion

MECHANIC = "gift"


@dataclass
class Given:
    """What the gifts of a basket came to.

    free:     units in the basket that are given, by product and promotion.
    outcomes: of the promotions that give, by product.
    due:      gifts that the basket does not hold yet.
    """

    free: dict[str, Counter[Promotion]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    due: list[GiftDue] = field(default_factory=list)

    def units(self, product_id: str) -> int:
        return sum(self.free.get(product_id, Counter()).values())


def give(
    basket: Mapping[str, Line], offers: Mapping[str, Promotion], rooms: Mapping[str, Room]
) -> Given:
    """For every N paid units of a product its gift, from the basket first, then added.

    Promotions are taken in the order of their ids. Units that were paid to earn a gift are
    never given away by a later one.
    """
    given, earning = Given(), Counter[str]()
    for offer in sorted(offers.values(), key=lambda o: o.promotion_id):
        product, gift = offer.product_id, str(offer.gift_product_id)
        assert offer.buy_qty
        assert offer.get_qty
        line = basket[product]
        own = line.quantity - given.units(product)
        standing = Standing(own, line.regular_price, rooms[product], {})
        sets, given.outcomes[product] = whole_sets(offer.buy_qty, standing)
        earning[product] += sets * offer.buy_qty
        gifts = sets * offer.get_qty
        held = basket[gift].quantity if gift in basket else 0
        there = min(gifts, held - given.units(gift) - earning[gift])
        if there:
            given.free.setdefault(gift, Counter())[offer] += there
        if gifts > there:
            given.due.append(GiftDue(offer.promotion_id, gift, gifts - there))
    return given
