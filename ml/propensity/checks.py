"""What a trained propensity model must never do: look ahead, put off by an offer, be too slow."""

import time

import numpy as np

from ml.models.cards import size_mb
from ml.propensity.examples import at_origins, customers
from ml.propensity.histories import HORIZONS, Histories
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.propensity.model import Propensity

WHOLE_PRICE = 1.0


def checks(
    model: Propensity, histories: Histories, chosen: PropensityHyperparameters
) -> dict[str, float]:
    """On the first batch of customers, from an origin in the middle of what is known.

    `leak_largest_move`: how far any output moves when all baskets from the origin on are changed.
    `negative_lifts`: offers predicted to lower a probability. `extreme_nonfinite`: logits that are
    not numbers when everything is free. `seconds_per_1000`: customers, by the network on this
    machine.
    """
    baskets, _ = next(customers(histories, chosen))
    places = np.array([len(histories.origins) // 2])
    inputs = at_origins(histories, baskets, places)
    later = inputs["days"] >= histories.origins[places][0]
    changed = dict(inputs)
    for name in ("numbers", "bought", "discount"):
        values = inputs[name].copy()
        values[later] = 1 - values[later]
        changed[name] = values
    before = model.predict_on_batch(inputs)  # the first call compiles
    started = time.perf_counter()
    after = model.predict_on_batch(changed)
    seconds = time.perf_counter() - started
    free = inputs | {"depth": np.full_like(inputs["depth"], WHOLE_PRICE)}
    return {
        "leak_largest_move": float(np.abs(after - before).max()),
        "negative_lifts": float((before[..., len(HORIZONS) :] < 0).sum()),
        "extreme_nonfinite": float((~np.isfinite(model.predict_on_batch(free))).sum()),
        "size_mb": size_mb(model),
        "seconds_per_1000": 1000 * seconds / len(before),
    }
