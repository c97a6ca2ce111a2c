"""Quote a basket against the promotions in force, as the plan counted them.

How promotions combine, which is how the plan's arithmetic reads them:

* a product has one promotion of its own at a time, and a unit takes part in one at most;
* gifts are given first; a unit given free takes part in nothing else and pays for no bundle;
* then each product's own price: percent off, flash, bundle, buy N get M;
* money off a basket comes last. Its threshold is compared with the cost of the basket after
  the steps above, for each such promotion alike, so their order does not matter.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

from ml.quoting.basket import Applied, Line, NotApplied, Quote, QuotedLine, Redeemed
from ml.quoting.gifts import GivenFree, give
from ml.quoting.money import ZERO
from ml.quoting.promotions import Gift, Promotion, SpendSave
from ml.quoting.rules import Redemption, Standing, allowance, reprice, spend_save

NEVER = Redeemed()


def quote(
    basket: Mapping[str, Line],
    in_force: Mapping[str, Promotion],
    redeemed: Mapping[str, Redeemed] | None = None,
    audiences: Collection[str] = (),
) -> Quote:
    """What the basket costs, and per line which promotion did what and why not.

    Args:
        basket: by product_id.
        in_force: each product's promotion at the time of sale, by product_id.
        redeemed: units sold before, by promotion_id; none where it is absent.
        audiences: those whose promotions the customer may have, beside what is for all.
    """
    own = {p: in_force[p] for p in basket if p in in_force and in_force[p].is_for(audiences)}
    before = redeemed or {}
    left = {p: allowance(each, before.get(each.promotion_id, NEVER)) for p, each in own.items()}
    given = give(basket, [each for each in own.values() if isinstance(each, Gift)], left)
    paid = {p: line.quantity - given.units(p) for p, line in basket.items()}
    redemptions = dict(given.redemptions)

    def standing(product: str, total: Decimal = ZERO) -> Standing:
        price = basket[product].regular_price
        return Standing(paid[product], price, left[product], paid, total)

    for product, promotion in own.items():
        if repriced := reprice(promotion, standing(product)):
            redemptions[product] = repriced
    regular = sum((paid[p] * line.regular_price for p, line in basket.items()), ZERO)
    total = regular - sum((each.saved for each in redemptions.values()), ZERO)
    for product, promotion in own.items():
        if isinstance(promotion, SpendSave):
            redemptions[product] = spend_save(promotion, standing(product, total))
    lines = tuple(
        _line(product, basket[product], in_force.get(product), redemptions.get(product), given)
        for product in basket
    )
    regular_total = sum((each.quantity * each.regular_price for each in lines), ZERO)
    amount = sum((each.amount for each in lines), ZERO)
    return Quote(lines, tuple(given.due), regular_total, regular_total - amount, amount)


def _line(
    product: str,
    line: Line,
    promotion: Promotion | None,
    redemption: Redemption | None,
    given: GivenFree,
) -> QuotedLine:
    free: Mapping[Gift, int] = given.free.get(product, {})
    applied = [
        Applied(gift.promotion_id, gift.mechanic, units, units * line.regular_price)
        for gift, units in free.items()
    ]
    paid = line.quantity - sum(free.values())
    if promotion and redemption and redemption.units:
        name = (promotion.promotion_id, promotion.mechanic)
        applied.append(Applied(*name, redemption.units, redemption.saved))
    saved = sum((each.saved for each in applied), ZERO)
    return QuotedLine(
        product_id=product,
        quantity=line.quantity,
        regular_price=line.regular_price,
        amount=line.quantity * line.regular_price - saved,
        applied=tuple(applied),
        not_applied=_not_applied(paid, promotion, redemption),
    )


def _not_applied(
    paid: int, promotion: Promotion | None, redemption: Redemption | None
) -> tuple[NotApplied, ...]:
    """Why paid units took no part in the product's own promotion."""
    if promotion is None:
        text = "no promotion of this product is in force"
        return (NotApplied(None, None, paid, "no_promotion", text),) if paid else ()
    name = (promotion.promotion_id, promotion.mechanic)
    if redemption is None:
        text = f"it is for audience {promotion.audience_id} in stores {promotion.store_group}"
        return (NotApplied(*name, paid, "not_for_all", text),)
    if not paid:
        return (NotApplied(*name, 0, "given_free", "all units are given free"),)
    if redemption.units == paid:
        return ()
    left_out = paid - redemption.units
    return (NotApplied(*name, left_out, redemption.reason, redemption.explanation),)
