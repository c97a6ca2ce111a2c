"""What each mechanic takes off a line, in the units and money that the plan counted.

Counterpart of `ml/promotions/mechanics`: there the expected buyers of a deal are counted, here one
basket is priced. Each rule returns how many units took part, what they saved, and why others did
not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ml.quoting.basket import Reason, Redeemed
from ml.quoting.money import ZERO, cents
from ml.quoting.promotions import Bundle, BuyGet, Flash, Gift, PercentOff, Promotion, SpendSave


@dataclass(frozen=True)
class Allowance:
    """Units that may still be sold at the promotion's price, and which limit that comes from."""

    units: int
    reason: Reason
    explanation: str


@dataclass(frozen=True)
class Standing:
    """A product in its basket.

    units:     of the product, without those given free.
    price:     regular, per item.
    allowance: what the promotion's limits leave of units.
    paid:      units paid for, by product.
    total:     cost of the basket before money off the basket.
    """

    units: int
    price: Decimal
    allowance: Allowance
    paid: Mapping[str, int]
    total: Decimal = ZERO


@dataclass(frozen=True)
class Redemption:
    """What a promotion does to a line.

    units:  that take part.
    saved:  money off them.
    reason, explanation: why the other units take no part, if there are any.
    """

    units: int
    saved: Decimal
    reason: Reason = "quantity"
    explanation: str = ""


def allowance(promotion: Promotion, redeemed: Redeemed) -> Allowance:
    """What per_customer_limit and max_redemptions leave; the tighter one is named."""
    own = max(0, promotion.per_customer_limit - redeemed.by_customer)
    in_all = max(0, promotion.max_redemptions - redeemed.in_all)
    if in_all < own:
        text = f"{in_all} of {promotion.max_redemptions} units are left"
        return Allowance(in_all, "sold_out", text)
    text = f"a customer may buy {promotion.per_customer_limit}; {own} are left"
    return Allowance(own, "customer_limit", text)


def reprice(promotion: Promotion, at: Standing) -> Redemption | None:
    """What a promotion on the product's own price does; None: it is none of these."""
    match promotion:
        case PercentOff() | Flash():
            return lower_price(promotion, at)
        case Bundle():
            return bundle(promotion, at)
        case BuyGet():
            return buy_get(promotion, at)
        case Gift() | SpendSave():
            return None


def lower_price(promotion: PercentOff | Flash | Bundle, at: Standing) -> Redemption:
    """Every unit at the promo price."""
    off = at.price - promotion.promo_price
    if off <= 0:
        text = f"the regular price {at.price} is not above the promo price {promotion.promo_price}"
        return Redemption(0, ZERO, "price_not_lower", text)
    units = min(at.units, at.allowance.units)
    return Redemption(units, units * off, at.allowance.reason, at.allowance.explanation)


def bundle(promotion: Bundle, at: Standing) -> Redemption:
    """The promo price when the basket holds a paid unit of the other product."""
    other = promotion.bundle_product_id
    if not at.paid.get(other):
        text = f"the basket holds no paid unit of {other}"
        return Redemption(0, ZERO, "partner_missing", text)
    return lower_price(promotion, at)


def buy_get(promotion: BuyGet, at: Standing) -> Redemption:
    """Of every whole set of N + M units M are cheaper; half a cent goes to the shopper."""
    sets, redemption = whole_sets(promotion.buy_qty + promotion.get_qty, at)
    saved = sets * promotion.get_qty * cents(at.price * promotion.get_depth)
    return Redemption(redemption.units, saved, redemption.reason, redemption.explanation)


def spend_save(promotion: SpendSave, at: Standing) -> Redemption:
    """Money off the product, once a basket, when the basket comes to the threshold.

    It takes off no more than the product's units cost.
    """
    if at.total < promotion.threshold_amount:
        text = f"the basket comes to {at.total}, {promotion.threshold_amount} are needed"
        return Redemption(0, ZERO, "basket_total", text)
    units = min(at.units, at.allowance.units)
    saved = min(promotion.discount_amount, at.units * at.price) if units else ZERO
    return Redemption(units, saved, at.allowance.reason, at.allowance.explanation)


def whole_sets(size: int, at: Standing) -> tuple[int, Redemption]:
    """How many sets of `size` units the basket and the limits allow, and their units."""
    sets = min(at.units, at.allowance.units) // size
    units = sets * size
    if at.units // size > sets:
        return sets, Redemption(units, ZERO, at.allowance.reason, at.allowance.explanation)
    text = f"{size} make a set; {at.units - units} are left over"
    return sets, Redemption(units, ZERO, "quantity", text)
