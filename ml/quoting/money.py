"""Money at the till: decimal amounts in cents."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0) * CENT


def cents(amount: float | Decimal) -> Decimal:
    """Money to the cent, half a cent up. A price of the plan's ladder stays what it is."""
    return Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)
