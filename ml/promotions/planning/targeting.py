"""Deals to audiences: which the policy lets in, and what one is where only a part may have it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ml.config.policy import Targeting
from ml.promotions.audiences.audience import Audience
from ml.promotions.mechanics.deal import Deal
from ml.promotions.planning.names import named


def targeted(
    deals: Sequence[Deal],
    product_ids: np.ndarray,
    products: pd.DataFrame,
    audiences: Sequence[Audience],
    rules: Sequence[Targeting],
) -> list[Deal]:
    """The deals to all customers as far as the rules let, then those to each audience.

    Args:
        deals: to all customers.
        product_ids: in the plan's order.
        products: rows of DIM_PRODUCTS.
        audiences: those that the rules name.
        rules: which deals of which products they may have.

    Raises:
        PolicyError: a rule names something unknown.
    """
    within = [_scope(rule, product_ids, products) for rule in rules]

    def covered(mechanic: str, wanted: Sequence[bool]) -> np.ndarray:
        covers = np.zeros(len(product_ids), bool)
        for rule, scope, counts in zip(rules, within, wanted, strict=True):
            if counts and rule.covers(mechanic):
                covers |= scope
        return covers

    only = [rule.only for rule in rules]
    result = [_restricted(deal, ~covered(deal.mechanic, only)) for deal in deals]
    for audience in audiences:
        theirs = [rule.names(audience.audience_id, audience.name) for rule in rules]
        result += [
            narrowed(_restricted(deal, scope), audience, product_ids)
            for deal in deals
            if (scope := covered(deal.mechanic, theirs)).any()
        ]
    return result


def narrowed(deal: Deal, audience: Audience, product_ids: np.ndarray) -> Deal:
    """The deal for an audience: its share of the demand takes it, and feels it in its own way."""
    share = audience.of_units.reindex(product_ids).fillna(0.0)
    part = share.to_numpy(float)
    return replace(
        deal,
        audience=replace(audience, of_units=share),
        price=np.where(part > 0, deal.price, np.nan),
        felt=1 - (1 - deal.felt) ** audience.response,
        share=deal.share * part,
        joining=deal.joining * part,
    )


def _restricted(deal: Deal, scope: np.ndarray) -> Deal:
    return replace(deal, price=np.where(scope, deal.price, np.nan))


def _scope(rule: Targeting, product_ids: np.ndarray, products: pd.DataFrame) -> np.ndarray:
    if not rule.products:
        return np.ones(len(product_ids), bool)
    ids = named(products, rule.products, "audiences.products")
    return np.asarray(pd.Index(product_ids).isin(ids))
