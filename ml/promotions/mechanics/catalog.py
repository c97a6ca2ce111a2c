"""Every deal that the policy allows: each mechanic with its economics, on one scale."""

from ml.config.assumptions import Assumptions
from ml.config.mechanics import Mechanics
from ml.promotions.mechanics import bundle, buy_get, flash, gift, percent_off, spend_save
from ml.promotions.mechanics.deal import Deal, Shop
from ml.promotions.mechanics.price_ladder import Ending


def make_deals(
    shop: Shop, mechanics: Mechanics, assumptions: Assumptions, ending: Ending
) -> list[Deal]:
    """Every deal that the policy allows, in a fixed order; `ending` of the price ladder.

    Support is learned where a discount worth its name went with it. A deal shallower than
    the least percent off would sell the display, not the deal, and is left out.
    """
    least = min(mechanics.percent_off.depths)
    plain = percent_off.deals(shop, mechanics.percent_off, ending)
    deals: list[Deal] = []
    if mechanics.buy_get:
        deals += buy_get.deals(shop, mechanics.buy_get, assumptions)
    if mechanics.spend_save:
        deals += spend_save.deals(shop, mechanics.spend_save, assumptions)
    if mechanics.bundle:
        deals += bundle.deals(shop, mechanics.bundle, assumptions, ending)
    if mechanics.gift:
        deals += gift.deals(shop, mechanics.gift, assumptions)
    if mechanics.flash:
        deals += flash.deals(shop, mechanics.flash, assumptions, ending)
    return plain + [deal.no_shallower(least) for deal in deals]
