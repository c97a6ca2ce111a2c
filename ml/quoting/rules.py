"""What each mechanic takes off a line, in the units and money that the plan counted.

Counterpart of `ml/promotions/mechanics`: there an offer's takers are expected, here one basket
is looked at. Each rule says how many units took part, what they saved, and why others did not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ml.quoting.terms import CENT, Promotion, Reason, Redeemed, cents

NOTHING = Decimal(0) * CENT


@dataclass(frozen=True)
class Standing:
    """A product in its basket.

    units: of the product, those given free left out.
    price: regular, per item.
    room:  what the promotion's limits leave of units.
    paid:  units paid for, by product.
    total: what the basket comes to before money off the basket.
    """

    units: int
    price: Decimal
    room: "Room"
    paid: Mapping[str, int]
    total: Decimal = NOTHING


@dataclass(frozen=True)
class Room:
    """Units that may still be sold at the offer's price, and which limit says so."""

    units: int
    reason: Reason
    explanation: str


@dataclass(frozen=True)
class Outcome:
    """`reason` and `explanation` are of the units that took no part, if any."""

    units: int
    saved: Decimal
    reason: Reason = "quantity"
    explanation: str = ""


def room(promotion: Promotion, redeemed: Redeemed) -> Room:
    """What per_customer_limit and max_redemptions leave; the tighter one is named."""
    own = max(0, promotion.per_customer_limit - redeemed.by_customer)
    all_left = max(0, promotion.max_redemptions - redeemed.in_all)
    if all_left < own:
        said = f"{all_left} of {promotion.max_redemptions} units are left"
        return Room(all_left, "sold_out", said)
    said = f"a customer may buy {promotion.per_customer_limit}; {own} are left"
    return Room(own, "customer_limit", said)


def lower_price(promotion: Promotion, at: Standing) -> Outcome:
    """Every unit at the promo price: percent off and flash."""
    off = at.price - promotion.promo_price
    if off <= 0:
        said = f"the regular price {at.price} is not above the promo price {promotion.promo_price}"
        return Outcome(0, NOTHING, "price_not_lower", said)
    units = min(at.units, at.room.units)
    return Outcome(units, units * off, at.room.reason, at.room.explanation)


def bundle(promotion: Promotion, at: Standing) -> Outcome:
    """The promo price when the basket holds a paid unit of the partner."""
    partner = promotion.bundle_product_id
    if not at.paid.get(str(partner)):
        said = f"the basket holds no paid unit of {partner}"
        return Outcome(0, NOTHING, "partner_missing", said)
    return lower_price(promotion, at)


def buy_get(promotion: Promotion, at: Standing) -> Outcome:
    """Of every whole set of N + M units M are cheaper; half a cent goes to the shopper."""
    assert promotion.buy_qty
    assert promotion.get_qty
    assert promotion.get_depth
    sets, outcome = whole_sets(promotion.buy_qty + promotion.get_qty, at)
    off = cents(at.price * promotion.get_depth)
    return Outcome(
        outcome.units, sets * promotion.get_qty * off, outcome.reason, outcome.explanation
    )


def spend_save(promotion: Promotion, at: Standing) -> Outcome:
    """Money off the product, once a basket, when the basket comes to the threshold.

    It takes off no more than the product's units cost.
    """
    assert promotion.threshold_amount
    assert promotion.discount_amount
    if at.total < promotion.threshold_amount:
        said = f"the basket comes to {at.total}, {promotion.threshold_amount} are needed"
        return Outcome(0, NOTHING, "basket_total", said)
    units = min(at.units, at.room.units)
    saved = min(promotion.discount_amount, at.units * at.price) if units else NOTHING
    return Outcome(units, saved, at.room.reason, at.room.explanation)


def whole_sets(size: int, at: Standing) -> tuple[int, Outcome]:
    """How many sets of `size` units the basket and the limits allow; an outcome without money."""
    sets = min(at.units, at.room.units) // size
    units = sets * size
    if at.units // size > sets:
        return sets, Outcome(units, NOTHING, at.room.reason, at.room.explanation)
    said = f"{size} make a set; {at.units - units} are left over"
    return sets, Outcome(units, NOTHING, "quantity", said)


OWN_PRICE: Mapping[str, Callable[[Promotion, Standing], Outcome]] = {
    "percent_off": lower_price,
    "flash": lower_price,
    "bundle": bundle,
    "buy_get": buy_get,
}
