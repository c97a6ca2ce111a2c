"""The structured demand network.

    log mu(t, h) = baseline(t, h) + elasticity * log(price / regular)
                   + regular elasticity * log(regular / first regular)
                   + display lift * display share + mailer lift * mailer share

`baseline` mixes levels of past sales, each divided by what the same effects explain of
them (a promoted week is not a new normal), and shifts them by what an LSTM read in the
product's history. Units are negative binomial with that mean and a size r:
var = mu + mu^2 / r, where log r is a term of the product plus what the network says of the
weeks ahead. Effects are sums of global, department, category, subcategory and product terms
with Gaussian priors; both elasticities are at most 0 by construction.

The LSTM runs once over a series and a forecast is made from every week of it.
"""

from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import ops

from ml.demand.windows import CONTEXT, EFFECTS, HISTORY, STATIC

Tensor = Any  # Keras has no type for one

LEVELS = (4, 8, 13, 10_000)  # weeks; the last is the whole history
STATIC_WIDTH = 8
SMOOTHING = 0.5  # units and weeks added to a level, so that an empty one has a logarithm
SPEED = 10.0  # effects learn this much faster than the network: few see much data each
TERMS = (*EFFECTS, "log_size")
STARTS = (1.37, 0.38, 0.8, 0.3, 1.0)  # before softplus: elasticities -1.6 and -0.9
PRIOR_SD = {"department": 0.5, "category": 0.5, "subcategory": 0.4, "product_id": 0.4}
LOG_UNITS = (-8.0, 16.0)
LOG_SIZE = (-4.0, 6.0)


@keras.saving.register_keras_serializable("promoloop")
class PooledEffects(keras.layers.Layer):
    """Each product's terms: a global value plus one deviation a level of the hierarchy.

    The deviations' Gaussian priors enter as a penalty per observation, so the fit is the
    posterior mode. Code 0 is a product or group never trained on: its deviation is 0.
    """

    def __init__(self, sizes: list[int], observations: int, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.sizes, self.observations = list(sizes), observations

    def build(self, input_shape: Tensor) -> None:
        self.start = self.add_weight((len(TERMS),), "zeros", name="start")
        self.deviations = [
            self.add_weight((size + 1, len(TERMS)), "zeros", name=level)
            for level, size in zip(STATIC, self.sizes, strict=True)
        ]

    def call(self, codes: Tensor) -> Tensor:
        priors = zip(self.deviations, PRIOR_SD.values(), strict=True)
        penalty = sum(ops.sum((SPEED * d / sd) ** 2) / 2 for d, sd in priors)
        self.add_loss(penalty / self.observations)
        total = self.start + sum(
            ops.take(d, codes[:, level], axis=0) for level, d in enumerate(self.deviations)
        )
        return ops.convert_to_tensor(STARTS) + SPEED * total

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"sizes": self.sizes, "observations": self.observations}


@keras.saving.register_keras_serializable("promoloop")
class StructuredDemand(keras.Model):
    """Units of every product, from every week, for each of `horizon` weeks ahead.

    Args:
        vocabulary: the known values of each of `STATIC`, in code order from 1.
        observations: product-weeks trained on, against which the priors weigh.
        horizon: weeks ahead.
        size_scale: factor on the negative binomial's size, from calibration.
    """

    def __init__(
        self,
        vocabulary: dict[str, list[str]],
        observations: int,
        horizon: int,
        width: int = 64,
        size_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.vocabulary, self.observations = vocabulary, observations
        self.horizon, self.width, self.size_scale = horizon, width, size_scale
        sizes = [len(vocabulary[level]) for level in STATIC]
        self.effects = PooledEffects(sizes, observations, name="effects")
        self.department = keras.layers.Embedding(sizes[0] + 1, STATIC_WIDTH, name="department")
        self.category = keras.layers.Embedding(sizes[1] + 1, STATIC_WIDTH, name="category")
        self.encoder = keras.layers.LSTM(width, return_sequences=True, name="encoder")
        self.hidden = keras.layers.Dense(width, name="from_history")
        self.planned = keras.layers.Dense(width, use_bias=False, name="from_plan")
        self.head = keras.layers.Dense(len(LEVELS) + 2, kernel_initializer="zeros", name="head")

    def build(self, input_shape: Tensor = None) -> None:
        """Create every weight: the shapes do not depend on the data, so a loaded file has them."""
        read = 3 + len(LEVELS) + len(EFFECTS) + len(CONTEXT) + len(HISTORY) + 2 * STATIC_WIDTH
        for embedding in (self.effects, self.department, self.category):
            embedding.build((None, len(STATIC)))
        self.encoder.build((None, None, read))
        self.hidden.build((None, None, self.width + read))
        self.planned.build((None, None, None, len(CONTEXT) + 1))
        self.head.build((None, None, None, self.width))
        self.built = True

    def build_from_config(self, config: dict[str, Any]) -> None:
        self.build()

    def call(self, inputs: dict[str, Tensor]) -> Tensor:
        units, started = inputs["units"], inputs["started"]
        history = units.shape[1]
        terms = self.effects(inputs["codes"])
        effect = ops.sum(inputs["effects"] * coefficients(terms)[:, None, :], axis=-1)
        levels = adjusted_levels(units, started, effect[:, :history])
        state = self._state(inputs, levels, effect[:, :history])
        ahead = [inputs["context"][:, h : history + h] for h in range(1, self.horizon + 1)]
        hidden = ops.expand_dims(self.hidden(state), 2) + self.planned(self._plan(ahead))
        out = ops.cast(self.head(ops.gelu(hidden)), "float32")
        mix = ops.softmax(out[..., :-2])
        baseline = ops.sum(mix * ops.expand_dims(levels, 2), axis=-1) + out[..., -2]
        promoted = [effect[:, h : history + h] for h in range(1, self.horizon + 1)]
        log_units = ops.clip(baseline + ops.stack(promoted, axis=2), *LOG_UNITS)
        log_size = ops.clip(terms[:, -1][:, None, None] + out[..., -1], *LOG_SIZE)
        return ops.stack([log_units, log_size + float(np.log(self.size_scale))], axis=-1)

    def _state(self, inputs: dict[str, Tensor], levels: Tensor, effect: Tensor) -> Tensor:
        """What the LSTM and the embeddings say at the end of each week: (N, W, width + 16)."""
        units, weeks = inputs["units"], effect.shape[1]
        longest = levels[..., -1:]
        surprise = ops.log1p(units) - ops.log1p(ops.exp(levels[..., 2] + effect))
        read = [
            ops.stack([surprise, ops.log1p(units), inputs["started"]], axis=-1),
            levels[..., :-1] - longest,
            longest,
            inputs["effects"][:, :weeks],
            inputs["context"][:, :weeks],
            inputs["history"],
        ]
        codes = inputs["codes"]
        static = ops.concatenate([self.department(codes[:, 0]), self.category(codes[:, 1])], -1)
        static = ops.repeat(static[:, None, :], weeks, axis=1)
        features = ops.concatenate([*read, ops.cast(static, "float32")], -1)
        return ops.concatenate([ops.cast(self.encoder(features), "float32"), features], -1)

    def _plan(self, ahead: list[Tensor]) -> Tensor:
        """The planned weeks' context and how far ahead they lie: (N, W, horizon, features)."""
        distance = [
            ops.full_like(week[..., :1], np.log(h)) for h, week in enumerate(ahead, start=1)
        ]
        return ops.concatenate([ops.stack(ahead, axis=2), ops.stack(distance, axis=2)], -1)

    def codes(self, products: pd.DataFrame) -> np.ndarray:
        """(N, 4) codes of the products' `STATIC` attributes; 0 where never trained on."""
        columns = [
            pd.Index(self.vocabulary[s]).get_indexer(pd.Index(products[s])) + 1 for s in STATIC
        ]
        return np.stack(columns, axis=1).astype("int32")

    def get_config(self) -> dict[str, Any]:
        own = ("vocabulary", "observations", "horizon", "width", "size_scale")
        return super().get_config() | {name: getattr(self, name) for name in own}


def coefficients(terms: Tensor) -> Tensor:
    """(N, 4) in the order of `EFFECTS`: elasticities at most 0, then log lifts."""
    return ops.concatenate([-ops.softplus(terms[:, :2]), terms[:, 2:4]], axis=-1)


def adjusted_levels(units: Tensor, started: Tensor, effect: Tensor) -> Tensor:
    """log(sum of units / sum of exp(effect)) over the weeks of each of `LEVELS`: (N, W, 4)."""
    sums = ops.cumsum(ops.stack([units, ops.exp(effect) * started], axis=-1), axis=1)
    weeks = sums.shape[1]
    levels = []
    for length in LEVELS:
        before = ops.pad(sums, [(0, 0), (min(length, weeks), 0), (0, 0)])[:, :weeks]
        total = ops.maximum(sums - before, 0.0) + SMOOTHING
        levels.append(ops.log(total[..., 0]) - ops.log(total[..., 1]))
    return ops.stack(levels, axis=-1)


@keras.saving.register_keras_serializable("promoloop")
class NegativeBinomialLoss(keras.losses.Loss):
    """Negative log likelihood of units (…, 1) given log mean and log size (…, 2)."""

    def __init__(self, name: str = "negative_binomial") -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        units, (log_mean, log_size) = y_true[..., 0], ops.unstack(y_pred, 2, axis=-1)
        size = ops.exp(log_size)
        log_total = ops.logaddexp(log_mean, log_size)
        likelihood = (
            tf.math.lgamma(units + size)
            - tf.math.lgamma(size)
            - tf.math.lgamma(units + 1.0)
            + units * (log_mean - log_total)
            + size * (log_size - log_total)
        )
        return -likelihood

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}
