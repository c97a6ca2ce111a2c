"""Every offer that the policy allows: each mechanic with its economics, on one scale."""

from ml.config.assumptions import Assumptions
from ml.config.mechanics import Mechanics
from ml.promotions.mechanics import bundle, buy_get, flash, gift, percent_off, spend_save
from ml.promotions.mechanics.deal import Offer, Shop
from ml.promotions.mechanics.price_ladder import Ending


def make_offers(
    shop: Shop, mechanics: Mechanics, assumptions: Assumptions, ending: Ending
) -> list[Offer]:
    """Every offer that the policy allows, in a fixed order; `ending` of the price ladder.

    Support is learned where a discount worth its name went with it. An offer shallower than
    the least percent off would sell the display, not the offer, and is not made.
    """
    least = min(mechanics.percent_off.depths)
    plain = percent_off.offers(shop, mechanics.percent_off, ending)
    made: list[Offer] = []
    if mechanics.buy_get:
        made += buy_get.offers(shop, mechanics.buy_get, assumptions)
    if mechanics.spend_save:
        made += spend_save.offers(shop, mechanics.spend_save, assumptions)
    if mechanics.bundle:
        made += bundle.offers(shop, mechanics.bundle, assumptions, ending)
    if mechanics.gift:
        made += gift.offers(shop, mechanics.gift, assumptions)
    if mechanics.flash:
        made += flash.offers(shop, mechanics.flash, assumptions, ending)
    return plain + [offer.no_shallower(least) for offer in made]
