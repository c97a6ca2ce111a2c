"""What each option earns, costs and may not do; all arrays (products, weeks, options)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.inventory.distribution import coverage, expected_sales
from ml.promotions.economics.demand import (
    Z10,
    Multiplier,
    Sales,
    multiplier,
    promoted_sales,
    sales_at,
)
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.economics.risk import value_of
from ml.promotions.spillovers.valuation import Displaced


@dataclass(frozen=True)
class Economics:
    """Per option: demand, money, and which limit rules it out.

    `response` is demand over baseline before stock; `taken` the share of the units sold that are
    sold at the offer's price, (products, options); `from_priors` the part of the margin that no
    data stand behind; `revenue` what is taken in beyond no promotion; `scenarios` the values of
    which the plan's worst counts, none unless the policy asks for it.
    """

    response: Multiplier
    mean_demand: Floats
    taken: Floats
    sales: Sales
    baseline_sales: Floats
    margin: Floats
    margin_sd: Floats
    margin_low: Floats
    from_priors: Floats
    cost: Floats
    revenue: Floats
    value: Floats
    scenarios: tuple[Floats, ...]
    on_ladder: np.ndarray
    above_floor: np.ndarray
    in_stock: np.ndarray
    on_data: np.ndarray

    @property
    def allowed(self) -> np.ndarray:
        return self.on_ladder & self.above_floor & self.in_stock & self.on_data


@dataclass(frozen=True)
class Priced:
    """Options with their demand and their money per unit sold, averaged over all buyers.

    `markdown` is what a unit is sold below the regular price, `kept` what is left of its
    price after unit cost, with the supplier's share and what else the offer brings;
    `usual` the regular margin, `displaced` what an extra unit costs other sales. Arrays
    (products, options), `usual` and `displaced` (products, 1).
    """

    response: Multiplier
    taken: Floats
    markdown: Floats
    kept: Floats
    usual: Floats
    displaced: Floats
    support_cost: Floats

    def margin(self, units: Floats, before: Floats) -> Floats:
        """Margin over no promotion; `units` and `before` are (products, weeks, options)."""
        kept, usual = self.kept[:, None, :], self.usual[:, None, :]
        moved = self.displaced[:, None, :] * (units - before)
        return units * kept - before * usual - moved - self.support_cost


def evaluate(
    items: Items,
    options: Options,
    shares: pd.DataFrame,
    policy: Policy,
    displaced: Displaced,
) -> Economics:
    """Value every option; `shares` (display, mailer) holds one row per product.

    Margin over no promotion = units x (regular price - unit cost - markdown + funded markdown
    + what joiners bring) - baseline units x (regular price - unit cost) - support
    - extra units x what each costs other sales.
    Cost = units x markdown + support: what must be laid out, funded or not, in whole cents.
    Value = margin, or a cautious one under the errors of the response and of what is
    displaced, as policy.risk says; plus what policy.objective gives for revenue, units and
    retention.
    """
    priced = price_options(items, options, shares, displaced)
    size = items.table["dispersion"].to_numpy(float)
    stock, wide = items.stock[:, :, None], size[:, None, None]
    before = expected_sales(stock, items.baseline[:, :, None], wide)
    sales = promoted_sales(items.baseline, items.stock, size, priced.response)
    demand = items.baseline[:, :, None] * priced.response.mean[:, None, :]
    expected = priced.margin(sales.expected, before)
    moved_sd = displaced.sd[:, None, None] * np.abs(sales.expected - before)
    sd = np.hypot(np.abs(priced.kept - priced.displaced)[:, None, :] * sales.sd, moved_sd)
    low, high = (priced.margin(units, before) for units in (sales.low, sales.high))

    def margin_at(z: float) -> Floats:
        units = sales_at(z, items.baseline, items.stock, size, priced.response)
        return priced.margin(units, before)

    regular = options.regular_price[:, None, None]
    revenue = sales.expected * (regular - priced.markdown[:, None, :]) - before * regular
    more = policy.objective.revenue * revenue + _each(items, policy) * (sales.expected - before)
    worst = policy.risk.scenarios if policy.risk.measure == "worst" else []
    spent = sales.expected * priced.markdown[:, None, :] + options.support_cost
    from_priors = expected - _learned_margin(items, options, shares, displaced, expected)
    price = options.price[:, None, :]
    unit_cost = items.table["unit_cost"].to_numpy(float)[:, None, None]
    covered = coverage(stock, demand, wide) >= policy.stock_service_level
    return Economics(
        response=priced.response,
        mean_demand=demand,
        taken=priced.taken,
        sales=sales,
        baseline_sales=before[:, :, 0],
        margin=expected,
        margin_sd=sd,
        margin_low=expected - np.hypot(expected - np.minimum(low, high), Z10 * moved_sd),
        from_priors=from_priors,
        cost=np.ceil(spent * 100 - 1e-6) / 100,
        revenue=revenue,
        value=value_of(policy.risk, expected, sd, margin_at) + more,
        scenarios=tuple(margin_at(z) + more for z in worst),
        on_ladder=np.broadcast_to(np.isfinite(price), demand.shape),
        above_floor=np.broadcast_to(
            price - unit_cost >= policy.margin_floor * price - 1e-9, demand.shape
        ),
        in_stock=covered
        & _companions_covered(items, options, demand * priced.taken[:, None], policy),
        on_data=_on_data(expected, from_priors, policy.most_from_priors),
    )


def price_options(
    items: Items, options: Options, shares: pd.DataFrame, displaced: Displaced
) -> Priced:
    """Average each option's money over those who take its offer, join it, or pass."""
    response = multiplier(items.table, shares, options)
    regular, unit_cost, funding = (
        items.table[name].to_numpy(float)[:, None] for name in MONEY_COLUMNS
    )
    takers = options.across("share") * response.offered.mean * options.across("discounted")
    joiners = options.across("joining")
    taken = (takers + joiners * options.across("bought")) / response.mean
    markdown = taken * (regular - options.price)
    aside = joiners * options.across("aside") / response.mean
    own = 1 - funding * options.each("funded")
    return Priced(
        response=response,
        taken=taken,
        markdown=markdown,
        kept=regular - unit_cost - own * markdown + aside,
        usual=regular - unit_cost,
        displaced=displaced.money[:, None],
        support_cost=options.support_cost,
    )


def _each(items: Items, policy: Policy) -> Floats:
    """What the policy gives for an item sold beyond no promotion, money, (products, 1, 1)."""
    sought, late = policy.objective, items.table["late_share"].to_numpy(float)
    return np.asarray(sought.units + sought.retention * late)[:, None, None]


MONEY_COLUMNS = ("regular_price", "unit_cost", "funding")


def _learned_margin(
    items: Items, options: Options, shares: pd.DataFrame, displaced: Displaced, margin: Floats
) -> Floats:
    """The margin as far as the data know it: `margin` but for options that lean on priors."""
    leaning = np.array([bool(offer.priors) for offer in options.offers])[options.offer]
    size = items.table["dispersion"].to_numpy(float)
    priced = price_options(items, options.learned.only(leaning), shares, displaced)
    sales = promoted_sales(items.baseline, items.stock, size, priced.response)
    before = expected_sales(items.stock, items.baseline, size[:, None])
    learned = margin.copy()
    learned[:, :, leaning] = priced.margin(sales.expected, before[:, :, None])
    return learned


def _on_data(margin: Floats, from_priors: Floats, most: float) -> np.ndarray:
    """Whether no more than `most` of a margin rests on priors; 1 sets no limit."""
    return (most >= 1) | (from_priors <= most * np.maximum(margin, 0) + 1e-9)


def _companions_covered(
    items: Items, options: Options, offered: Floats, policy: Policy
) -> np.ndarray:
    """Whether the stock of the product that an offer needs covers it too.

    `offered` units at the offer's price, (products, weeks, options).
    """
    covered = np.ones(offered.shape, bool)
    size = items.table["dispersion"].to_numpy(float)[:, None]
    for column, offer in enumerate(options.offers[place] for place in options.offer):
        if offer.companion is None:
            continue
        row, units = offer.companion.row, offer.companion.units[:, None]
        demand = items.baseline[row] + offered[:, :, column] * units
        met = coverage(items.stock[row], demand, size[row])
        covered[:, :, column] = met >= policy.stock_service_level
    return covered
