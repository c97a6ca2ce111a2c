"""A made-up shop of any size, to see what a training of that size costs."""

import numpy as np
import pandas as pd

from ml.demand.data.panel import STATIC, WEEK, Panel

FIRST_WEEK = np.datetime64("2017-01-02")
GROUPS = dict(zip(STATIC, (20, 300, 1500), strict=False))  # of each level above the product
ELASTICITY, DISPLAY, MAILER, SIZE = -1.8, 0.9, 0.3, 4.0


def synthetic_panel(products: int, weeks: int, seed: int) -> Panel:
    """Products that all sell from the first week, promoted a fifth of the time."""
    rng = np.random.default_rng(seed)
    shape = (products, weeks)
    promoted = rng.random(shape) < 0.2
    depth = np.where(promoted, rng.choice([0.1, 0.2, 0.3, 0.5], shape), 0.0)
    display = np.where(promoted, rng.random(shape) < 0.3, False).astype(float)
    mailer = np.where(promoted, rng.random(shape) < 0.4, False).astype(float)
    effect = ELASTICITY * np.log1p(-depth) + DISPLAY * display + MAILER * mailer
    mean = rng.lognormal(1.0, 1.0, (products, 1)) * np.exp(effect)
    units = rng.negative_binomial(SIZE, SIZE / (SIZE + mean)).astype(float)
    numbers = np.arange(products)
    named = {level: [f"{level} {n % count}" for n in numbers] for level, count in GROUPS.items()}
    return Panel(
        products=pd.DataFrame(named | {"product_id": [f"p{n:07d}" for n in numbers]}),
        weeks=FIRST_WEEK + WEEK * np.arange(weeks),
        units=units,
        started=np.ones(shape, bool),
        in_stock=np.ones(shape, bool),
        regular_price=np.full(shape, 2.0),
        log_price_ratio=np.log1p(-depth),
        display=display,
        mailer=mailer,
        holiday=np.zeros(weeks + 52),
    )
