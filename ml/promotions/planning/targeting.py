"""Offers to audiences: which the policy lets in, and what one is where only a part may have it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ml.config.policy import Targeting
from ml.promotions.audiences.audience import Audience
from ml.promotions.mechanics.deal import Offer
from ml.promotions.planning.names import named


def targeted(
    offers: Sequence[Offer],
    table: pd.DataFrame,
    products: pd.DataFrame,
    audiences: Sequence[Audience],
    rules: Sequence[Targeting],
) -> list[Offer]:
    """The offers to all customers as far as the rules let, then those to each audience.

    Args:
        offers: to all customers.
        table: product_id, in the plan's order.
        products: rows of DIM_PRODUCTS.
        audiences: those that the rules name.
        rules: which offers of which products they may have.

    Raises:
        PolicyError: a rule names something unknown.
    """
    within = [_scope(rule, table, products) for rule in rules]

    def covered(mechanic: str, wanted: Sequence[bool]) -> np.ndarray:
        found = np.zeros(len(table), bool)
        for rule, scope, counts in zip(rules, within, wanted, strict=True):
            if counts and rule.covers(mechanic):
                found |= scope
        return found

    only = [rule.only for rule in rules]
    made = [_kept(offer, ~covered(offer.mechanic, only)) for offer in offers]
    for audience in audiences:
        theirs = [rule.names(audience.audience_id, audience.name) for rule in rules]
        made += [
            narrowed(_kept(offer, scope), audience, table["product_id"])
            for offer in offers
            if (scope := covered(offer.mechanic, theirs)).any()
        ]
    return made


def narrowed(offer: Offer, audience: Audience, product_ids: pd.Series) -> Offer:
    """The offer for an audience: its share of the demand takes it, and feels it in its own way."""
    share = audience.of_units.reindex(product_ids).fillna(0.0)
    part = share.to_numpy(float)
    return replace(
        offer,
        audience=replace(audience, of_units=share),
        price=np.where(part > 0, offer.price, np.nan),
        felt=1 - (1 - offer.felt) ** audience.response,
        share=offer.share * part,
        joining=offer.joining * part,
    )


def _kept(offer: Offer, scope: np.ndarray) -> Offer:
    return replace(offer, price=np.where(scope, offer.price, np.nan))


def _scope(rule: Targeting, table: pd.DataFrame, products: pd.DataFrame) -> np.ndarray:
    if not rule.products:
        return np.ones(len(table), bool)
    ids = named(products, rule.products, "audiences.products")
    return table["product_id"].isin(ids).to_numpy()
