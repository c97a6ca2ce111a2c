"""What each option sells, earns and costs; all arrays (products, weeks, options) unless noted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.inventory.distribution import expected_sales
from ml.promotions.economics.demand import Z10, Multiplier, Sales, promoted_sales, sales_at
from ml.promotions.economics.items import Items
from ml.promotions.economics.limits import Limits, limits_of
from ml.promotions.economics.options import Options
from ml.promotions.economics.pricing import PricedOptions, price_options
from ml.promotions.economics.risk import value_of
from ml.promotions.spillovers.valuation import Spillovers


@dataclass(frozen=True)
class Demand:
    """Units under each option.

    response: demand over baseline before stock, (products, options).
    mean:     mean demand, before stock.
    taken:    the share of the units sold that are sold at the deal's price, (products, options).
    sales:    units sold, cut by the stock.
    baseline_sales: units sold without promotion, cut by the stock, (products, weeks).
    """

    response: Multiplier
    mean: Floats
    taken: Floats
    sales: Sales
    baseline_sales: Floats

    @property
    def extra_units(self) -> Floats:
        """Units sold beyond no promotion."""
        return self.sales.expected - self.baseline_sales[:, :, None]


@dataclass(frozen=True)
class Money:
    """What each option earns and costs over no promotion, money.

    margin:      expected; with its standard deviation and its tenth percentile.
    from_priors: the part of the margin that no data stand behind.
    cost:        markdown, funded or not, and support, rounded up to whole cents.
    revenue:     what is taken in.
    value:       what the plan maximises.
    scenarios:   the values of which the plan's worst counts, none unless the policy asks for it.
    """

    margin: Floats
    margin_sd: Floats
    margin_low: Floats
    from_priors: Floats
    cost: Floats
    revenue: Floats
    value: Floats
    scenarios: tuple[Floats, ...]


@dataclass(frozen=True)
class Economics:
    """Per option: demand, money, and which limit rules it out."""

    demand: Demand
    money: Money
    limits: Limits


@dataclass(frozen=True)
class Learned:
    """The margin without what priors add, of the options that lean on some.

    `leaning` bool (options,); `margin` (products, weeks, leaning options).
    """

    leaning: np.ndarray
    margin: Floats

    def over(self, margin: Floats) -> Floats:
        """`margin` of every option with that of the leaning ones replaced."""
        learned = margin.copy()
        learned[:, :, self.leaning] = self.margin
        return learned


def evaluate(
    items: Items,
    options: Options,
    shares: pd.DataFrame,
    policy: Policy,
    spillovers: Spillovers,
) -> Economics:
    """Value every option; `shares` (display, mailer) holds one row per product."""
    priced = price_options(items, options, shares, spillovers)
    demand = demand_of(items, priced)
    learned = _learned_margin(items, options, shares, spillovers)
    money = money_of(items, priced, demand, learned, policy)
    limits = limits_of(
        items, options, demand.mean, demand.taken, money.margin, money.from_priors, policy
    )
    return Economics(demand, money, limits)


def demand_of(items: Items, priced: PricedOptions) -> Demand:
    """What each option would sell of the stock there is."""
    regular = expected_sales(items.stock, items.baseline, items.dispersion[:, None])
    return Demand(
        response=priced.response,
        mean=items.baseline[:, :, None] * priced.response.mean[:, None, :],
        taken=priced.taken,
        sales=promoted_sales(items.baseline, items.stock, items.dispersion, priced.response),
        baseline_sales=regular,
    )


def money_of(
    items: Items, priced: PricedOptions, demand: Demand, learned: Learned, policy: Policy
) -> Money:
    """What each option earns, costs and is worth.

    Margin over no promotion = units x (regular price - unit cost - markdown + funded markdown
    + what joiners bring) - baseline units x (regular price - unit cost) - support
    - extra units x what each costs other sales.
    Cost = units x markdown + support: what must be laid out, funded or not, in whole cents.
    Value = margin, or a cautious one under the errors of the response and of the spillovers, as
    policy.risk says; plus what policy.objective gives for revenue, units and retention.
    """
    sales, before = demand.sales, demand.baseline_sales[:, :, None]
    markdown, extra = priced.markdown[:, None, :], demand.extra_units
    margin = priced.margin(sales.expected, before)
    spilled_sd = priced.spillovers.sd[:, None, None] * np.abs(extra)
    own = np.abs(priced.unit_margin - priced.spillovers.money[:, None])[:, None, :]
    sd = np.hypot(own * sales.sd, spilled_sd)
    low = np.minimum(priced.margin(sales.low, before), priced.margin(sales.high, before))

    def margin_at(z: float) -> Floats:
        units = sales_at(z, items.baseline, items.stock, items.dispersion, priced.response)
        return priced.margin(units, before)

    regular = items.regular_price[:, None, None]
    revenue = sales.expected * (regular - markdown) - before * regular
    more = policy.objective.revenue * revenue + _per_unit(items, policy) * extra
    worst = policy.risk.scenarios if policy.risk.measure == "worst" else []
    spent = sales.expected * markdown + priced.support_cost
    return Money(
        margin=margin,
        margin_sd=sd,
        margin_low=margin - np.hypot(margin - low, Z10 * spilled_sd),
        from_priors=margin - learned.over(margin),
        cost=np.ceil(spent * 100 - 1e-6) / 100,
        revenue=revenue,
        value=value_of(policy.risk, margin, sd, margin_at) + more,
        scenarios=tuple(margin_at(z) + more for z in worst),
    )


def _learned_margin(
    items: Items, options: Options, shares: pd.DataFrame, spillovers: Spillovers
) -> Learned:
    leaning = np.array([bool(deal.priors) for deal in options.deals])[options.deal]
    priced = price_options(items, options.learned.only(leaning), shares, spillovers)
    demand = demand_of(items, priced)
    before = demand.baseline_sales[:, :, None]
    return Learned(leaning, priced.margin(demand.sales.expected, before))


def _per_unit(items: Items, policy: Policy) -> Floats:
    """What the policy gives for an item sold beyond no promotion, money, (products, 1, 1)."""
    objective = policy.objective
    return np.asarray(objective.units + objective.retention * items.late_share)[:, None, None]
