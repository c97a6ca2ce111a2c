"""Quote a basket against the promotions in force, as the plan counted them.

How promotions combine, which is how the plan's arithmetic reads them:

* a product has one promotion of its own at a time, and a unit takes part in one at most;
* gifts are given first; a unit given free takes part in nothing else and pays for no bundle;
* then each product's own price: percent off, flash, bundle, buy N get M;
* money off a basket comes last. Its threshold is held against what the basket comes to after
  the steps above, for each such promotion alike, so their order does not matter.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

from ml.quoting import gifts
from ml.quoting.gifts import Given
from ml.quoting.rules import NOTHING, OWN_PRICE, Outcome, Standing, room, spend_save
from ml.quoting.terms import Applied, Line, NotApplied, Promotion, Quote, QuotedLine, Redeemed

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
        redeemed: units sold before, by promotion_id; none when it is not named.
        audiences: those whose promotions the customer may have, beside what is for all.
    """
    offers = {p: in_force[p] for p in basket if p in in_force and in_force[p].is_for(audiences)}
    rooms = {p: room(o, (redeemed or {}).get(o.promotion_id, NEVER)) for p, o in offers.items()}
    giving = {p: o for p, o in offers.items() if o.mechanic == gifts.MECHANIC}
    given = gifts.give(basket, giving, rooms)
    paid = {p: line.quantity - given.units(p) for p, line in basket.items()}
    outcomes = dict(given.outcomes)

    def standing(product: str, total: Decimal = NOTHING) -> Standing:
        price = basket[product].regular_price
        return Standing(paid[product], price, rooms[product], paid, total)

    for product, offer in offers.items():
        if offer.mechanic in OWN_PRICE:
            outcomes[product] = OWN_PRICE[offer.mechanic](offer, standing(product))
    regular = sum((paid[p] * line.regular_price for p, line in basket.items()), NOTHING)
    total = regular - sum((o.saved for o in outcomes.values()), NOTHING)
    for product, offer in offers.items():
        if offer.mechanic == "spend_save":
            outcomes[product] = spend_save(offer, standing(product, total))
    lines = tuple(
        _line(product, basket[product], in_force.get(product), outcomes.get(product), given)
        for product in basket
    )
    regular_total = sum((q.quantity * q.regular_price for q in lines), NOTHING)
    amount = sum((q.amount for q in lines), NOTHING)
    return Quote(lines, tuple(given.due), regular_total, regular_total - amount, amount)


def _line(
    product: str, line: Line, offer: Promotion | None, outcome: Outcome | None, given: Given
) -> QuotedLine:
    free: Mapping[Promotion, int] = given.free.get(product, {})
    applied = [
        Applied(giver.promotion_id, giver.mechanic, units, units * line.regular_price)
        for giver, units in free.items()
    ]
    paid = line.quantity - sum(free.values())
    if offer and outcome and outcome.units:
        applied.append(Applied(offer.promotion_id, offer.mechanic, outcome.units, outcome.saved))
    saved = sum((each.saved for each in applied), NOTHING)
    return QuotedLine(
        product_id=product,
        quantity=line.quantity,
        regular_price=line.regular_price,
        amount=line.quantity * line.regular_price - saved,
        applied=tuple(applied),
        not_applied=_left_out(paid, offer, outcome),
    )


def _left_out(
    paid: int, offer: Promotion | None, outcome: Outcome | None
) -> tuple[NotApplied, ...]:
    """Why paid units took no part in the product's own promotion."""
    if offer is None:
        said = "no promotion of this product is in force"
        return (NotApplied(None, None, paid, "no_promotion", said),) if paid else ()
    name = (offer.promotion_id, offer.mechanic)
    if outcome is None:
        said = f"it is for audience {offer.audience_id} in stores {offer.store_group}"
        return (NotApplied(*name, paid, "not_for_all", said),)
    if not paid:
        return (NotApplied(*name, 0, "given_free", "all units are given free"),)
    if outcome.units == paid:
        return ()
    return (NotApplied(*name, paid - outcome.units, outcome.reason, outcome.explanation),)
