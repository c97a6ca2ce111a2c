"""A shop whose demand model is known: the fit must find it again."""

from collections.abc import Callable

import keras
import numpy as np
import pandas as pd
import pytest

from ml.demand.data.panel import STATIC, WEEK, Panel
from ml.demand.network.structured import StructuredDemand

ELASTICITY, DISPLAY, MAILER, SIZE = -2.2, 0.9, 0.4, 8.0


@pytest.fixture(scope="session")
def shop() -> Callable[..., Panel]:
    def make(products: int = 120, weeks: int = 30, seed: int = 3) -> Panel:
        rng = np.random.default_rng(seed)
        shape = (products, weeks)
        depth = rng.choice([0.0, 0.1, 0.2, 0.3], shape, p=[0.6, 0.15, 0.15, 0.1])
        display = rng.choice([0.0, 0.5, 1.0], shape, p=[0.8, 0.1, 0.1])
        mailer = rng.choice([0.0, 1.0], shape, p=[0.8, 0.2])
        base = rng.lognormal(2.5, 0.7, (products, 1))
        mean = base * np.exp(ELASTICITY * np.log(1 - depth) + DISPLAY * display + MAILER * mailer)
        units = rng.negative_binomial(SIZE, SIZE / (SIZE + mean)).astype(float)
        units[:, 0] = np.maximum(units[:, 0], 1)
        numbers = np.arange(products)
        return Panel(
            products=pd.DataFrame(
                {
                    "department": [f"d{n % 2}" for n in numbers],
                    "category": [f"c{n % 4}" for n in numbers],
                    "subcategory": [f"s{n % 8}" for n in numbers],
                    "product_id": [f"p{n}" for n in numbers],
                }
            ),
            weeks=np.datetime64("2017-01-02") + WEEK * np.arange(weeks),
            units=units,
            started=np.ones(shape, bool),
            in_stock=np.ones(shape, bool),
            regular_price=np.full(shape, 2.0),
            log_price_ratio=np.log(1 - depth),
            display=display,
            mailer=mailer,
            holiday=np.zeros(weeks + 52),
        )

    return make


@pytest.fixture(scope="session")
def drafted() -> Callable[..., StructuredDemand]:
    """A small model that was never fitted: its effects are the priors', its networks noise."""

    def make(panel: Panel, horizon: int, **other: int) -> StructuredDemand:
        keras.utils.set_random_seed(1)
        vocabulary = {s: sorted(panel.products[s].unique()) for s in STATIC}
        model = StructuredDemand(vocabulary, 100, horizon, **{"width": 8} | other)
        model.build()
        rng = np.random.default_rng(0)
        for weights in model.weights:
            weights.assign_add(rng.normal(0, 0.05, weights.shape))
        return model

    return make
