"""What plans earn in a simulated shop: drawn demand, cut by the stock, with what it displaces."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import nbinom

from benchmarks.simulation.truth import Truth
from ml.arrays import Floats
from ml.promotions.economics.pricing import price_options
from ml.promotions.planning.proposal import Proposal
from ml.promotions.spillovers.valuation import value_spillovers
from ml.solver.problem import NOTHING

RESPONSE_COLUMNS = (
    "elasticity",
    "elasticity_sd",
    "display_lift",
    "display_lift_sd",
    "mailer_lift",
    "mailer_lift_sd",
)


@dataclass(frozen=True)
class Outcome:
    """Over draws, money: incremental margin and discount of a plan, (draws,)."""

    margin: Floats
    discount: Floats


def simulate(
    proposal: Proposal, shares: pd.DataFrame, truth: Truth, plans: list[np.ndarray], seed: int
) -> list[Outcome]:
    """Play every plan (items, weeks) in the same shops, one for each of `DRAWS`.

    Demand is negative binomial with the truth's mean and the forecast's dispersion; with and
    without its promotion a product meets the same chance in a week, and so it does under every
    plan. `shares` (display, mailer) holds one row per product, as the planner has them.
    """
    rng, margins, discounts = np.random.default_rng(seed), [], []
    for _ in range(DRAWS):
        chance = rng.random(proposal.draft.items.baseline.shape)
        shop = _shop(proposal, shares, *truth.draw(rng))
        played = [shop.play(plan, chance) for plan in plans]
        margins.append([margin for margin, _ in played])
        discounts.append([discount for _, discount in played])
    return [
        Outcome(margin, discount)
        for margin, discount in zip(np.transpose(margins), np.transpose(discounts), strict=True)
    ]


DRAWS = 100


@dataclass(frozen=True)
class _Shop:
    """One draw of the truth, by (products, options); `regular_margin` and `lost` (products,)."""

    proposal: Proposal
    lift: Floats
    unit_margin: Floats
    markdown: Floats
    regular_margin: Floats
    lost: Floats

    def play(self, plan: np.ndarray, chance: Floats) -> tuple[float, float]:
        """Incremental margin and discount of a plan."""
        items = self.proposal.draft.items
        item, week = np.nonzero(plan != NOTHING)
        option, size = plan[item, week], items.dispersion[item]
        usual = items.baseline[item, week]

        def sold(mean: Floats) -> Floats:
            drawn = nbinom.ppf(chance[item, week], size, size / (size + mean))
            return np.minimum(drawn, np.floor(items.stock[item, week]))

        units, before = sold(usual * self.lift[item, option]), sold(usual)
        support = self.proposal.draft.options.support_cost[option]
        own = units * self.unit_margin[item, option] - before * self.regular_margin[item] - support
        margin = own - self.lost[item] * (units - before)
        discount = units * self.markdown[item, option] + support
        return float(margin.sum()), float(discount.sum())


def _shop(
    proposal: Proposal, shares: pd.DataFrame, responses: pd.DataFrame, effects: pd.DataFrame
) -> _Shop:
    items = proposal.draft.items
    drawn = responses.set_index("product_id").reindex(items.product_id)
    planned = {name: getattr(items.responses, name) for name in RESPONSE_COLUMNS}
    true = {
        name: np.where(drawn[name].notna(), drawn[name].to_numpy(float), values)
        for name, values in planned.items()
    }
    shop = replace(items, responses=replace(items.responses, **true))
    usual = items.baseline.sum(axis=1)
    spillovers = value_spillovers(items.category, items.unit_margin, usual, effects)
    priced = price_options(shop, proposal.draft.options, shares, spillovers)
    return _Shop(
        proposal=proposal,
        lift=priced.response.mean,
        unit_margin=priced.unit_margin,
        markdown=priced.markdown,
        regular_margin=items.unit_margin,
        lost=spillovers.money,
    )
