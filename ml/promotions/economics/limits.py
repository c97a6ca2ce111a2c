"""Which limit of the policy rules an option out, whatever else is planned."""

from dataclasses import dataclass

import numpy as np

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.inventory.distribution import coverage
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options

MARGIN_FLOOR, STOCK, PRIORS = "margin_floor", "stock", "most_from_priors"


@dataclass(frozen=True)
class Limits:
    """Bool (products, weeks, options): whether an option keeps each limit."""

    on_ladder: np.ndarray
    above_floor: np.ndarray
    in_stock: np.ndarray
    on_data: np.ndarray

    @property
    def allowed(self) -> np.ndarray:
        """Whether an option keeps every limit."""
        return self.on_ladder & self.above_floor & self.in_stock & self.on_data

    def first_broken(self, at: tuple[np.ndarray | int, ...]) -> np.ndarray:
        """The name of the first limit that rules each option out, "" where none does.

        `at` indexes products, weeks and options; an option without a price has no limit to name.
        """
        keeps = (self.above_floor[at], self.in_stock[at], self.on_data[at])
        return np.select([~each for each in keeps], (MARGIN_FLOOR, STOCK, PRIORS), "")

    def ruling_out(self) -> list[str | None]:
        """Per product, the limit that leaves it no option in any week; None where one is left."""
        above = self.on_ladder & self.above_floor
        layers = (
            ("no price on the ladder", self.on_ladder),
            ("below the margin floor", above),
            ("stock does not cover a promotion", above & self.in_stock),
            ("rests on priors", self.allowed),
        )
        left = [(name, np.any(options, axis=(1, 2))) for name, options in layers]
        return [
            next((name for name, has in left if not has[row]), None)
            for row in range(len(self.on_ladder))
        ]


def limits_of(
    items: Items,
    options: Options,
    demand: Floats,
    taken: Floats,
    margin: Floats,
    from_priors: Floats,
    policy: Policy,
) -> Limits:
    """Check every option: a price, the margin floor, the stock, and what rests on priors.

    Args:
        items: the products.
        options: what each of them may have.
        demand: mean units under each option, before stock, (products, weeks, options).
        taken: the share of them sold at the deal's price, (products, options).
        margin: expected, money, (products, weeks, options).
        from_priors: the part of the margin that no data stand behind, the same shape.
        policy: gives the limits.
    """
    price, unit_cost = options.price[:, None, :], items.unit_cost[:, None, None]
    above = price - unit_cost >= policy.margin_floor * price - 1e-9
    stock, dispersion = items.stock[:, :, None], items.dispersion[:, None, None]
    covered = coverage(stock, demand, dispersion) >= policy.stock_service_level
    sold = demand * taken[:, None]
    return Limits(
        on_ladder=np.broadcast_to(np.isfinite(price), demand.shape),
        above_floor=np.broadcast_to(above, demand.shape),
        in_stock=covered & _companions_covered(items, options, sold, policy),
        on_data=_on_data(margin, from_priors, policy.most_from_priors),
    )


def _on_data(margin: Floats, from_priors: Floats, maximum: float) -> np.ndarray:
    """Whether no more than `maximum` of a margin rests on priors; 1 sets no limit."""
    return (maximum >= 1) | (from_priors <= maximum * np.maximum(margin, 0) + 1e-9)


def _companions_covered(items: Items, options: Options, sold: Floats, policy: Policy) -> np.ndarray:
    """Whether the stock of the product that a deal needs covers it too.

    `sold` units at the deal's price, (products, weeks, options).
    """
    covered = np.ones(sold.shape, bool)
    dispersion = items.dispersion[:, None]
    for column, deal in enumerate(options.deals[place] for place in options.deal):
        if deal.companion is None:
            continue
        row, units = deal.companion.row, deal.companion.units[:, None]
        demand = items.baseline[row] + sold[:, :, column] * units
        met = coverage(items.stock[row], demand, dispersion[row])
        covered[:, :, column] = met >= policy.stock_service_level
    return covered
