"""Items for tests that need some of their arrays only."""

from dataclasses import replace

import numpy as np

from ml.promotions.economics.items import Items, Responses

RESPONSES = Responses(
    elasticity=np.array([-2.0]),
    elasticity_sd=np.array([0.0]),
    display_lift=np.array([1.0]),
    display_lift_sd=np.array([0.0]),
    mailer_lift=np.array([0.5]),
    mailer_lift_sd=np.array([0.0]),
    price_identified=np.array([True]),
)


def plain_items(product_ids, weeks, baseline, stock, **changed):
    """Items of one category at a regular price of 10.00 that cost 6.00, half of it funded."""
    count = len(product_ids)
    given = {
        "product_id": np.array(product_ids, object),
        "department": np.full(count, "DELI", object),
        "category": np.full(count, "HAM", object),
        "regular_price": np.full(count, 10.0),
        "unit_cost": np.full(count, 6.0),
        "cost_is_assumed": np.ones(count, bool),
        "funding": np.full(count, 0.5),
        "late_share": np.zeros(count),
        "dispersion": np.full(count, 4.0),
        "responses": alike(count),
        "weeks": weeks,
        "baseline": baseline,
        "stock": stock,
        "stock_is_simulated": np.ones(count, bool),
        "gap": np.ones(count, int),
    }
    return Items(**given | changed)


def alike(count, **changed):
    """The same responses for every product; `changed` are single numbers."""
    values = {name: np.repeat(array, count) for name, array in vars(RESPONSES).items()}
    return replace(
        Responses(**values), **{name: np.full(count, value) for name, value in changed.items()}
    )
