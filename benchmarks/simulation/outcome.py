"""What plans earn in a simulated shop: drawn demand, cut by the stock, with what it displaces."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import nbinom

from benchmarks.simulation.truth import Truth
from ml.arrays import Floats
from ml.promotions.economics.demand import RESPONSE_COLUMNS
from ml.promotions.economics.value import price_options
from ml.promotions.planning.proposal import Proposal
from ml.promotions.spillovers.valuation import displaced
from ml.solver.problem import NOTHING


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
        chance = rng.random(proposal.items.baseline.shape)
        shop = _shop(proposal, shares, *truth.draw(rng))
        found = [shop.play(plan, chance) for plan in plans]
        margins.append([margin for margin, _ in found])
        discounts.append([discount for _, discount in found])
    return [
        Outcome(margin, discount)
        for margin, discount in zip(np.transpose(margins), np.transpose(discounts), strict=True)
    ]


DRAWS = 100


@dataclass(frozen=True)
class _Shop:
    """One draw of the truth; arrays (products, options) but `usual` and `lost` (products,)."""

    proposal: Proposal
    lift: Floats
    kept: Floats
    markdown: Floats
    usual: Floats
    lost: Floats

    def play(self, plan: np.ndarray, chance: Floats) -> tuple[float, float]:
        """Incremental margin and discount of a plan."""
        items = self.proposal.items
        item, week = np.nonzero(plan != NOTHING)
        option, size = plan[item, week], items.table["dispersion"].to_numpy(float)[item]
        usual = items.baseline[item, week]

        def sold(mean: Floats) -> Floats:
            drawn = nbinom.ppf(chance[item, week], size, size / (size + mean))
            return np.minimum(drawn, np.floor(items.stock[item, week]))

        units, before = sold(usual * self.lift[item, option]), sold(usual)
        support = self.proposal.options.support_cost[option]
        own = units * self.kept[item, option] - before * self.usual[item] - support
        margin = own - self.lost[item] * (units - before)
        discount = units * self.markdown[item, option] + support
        return float(margin.sum()), float(discount.sum())


def _shop(
    proposal: Proposal, shares: pd.DataFrame, responses: pd.DataFrame, effects: pd.DataFrame
) -> _Shop:
    items = proposal.items
    told = responses.set_index("product_id").reindex(items.table["product_id"]).reset_index()
    known = {name: told[name].fillna(items.table[name]).to_numpy() for name in RESPONSE_COLUMNS}
    table = items.table.assign(**known)
    moved = displaced(table, items.baseline.sum(axis=1), effects)
    priced = price_options(replace(items, table=table), proposal.options, shares, moved)
    return _Shop(
        proposal=proposal,
        lift=priced.response.mean,
        kept=priced.kept,
        markdown=priced.markdown,
        usual=priced.usual[:, 0],
        lost=moved.money,
    )
