"""The structured demand network.

    log mu(t, h) = baseline(t, h) + elasticity * log(price / regular)
                   + regular elasticity * log(regular / first regular)
                   + display lift * display share + mailer lift * mailer share
                   + calendar effect * share of the week at the month's start

`baseline` mixes levels of past sales, each divided by what the same effects explain of
them (a promoted week is not a new normal), and shifts them by what an LSTM read in the
product's history. Units are negative binomial with that mean and a dispersion r:
var = mu + mu^2 / r, where log r is a term of the product plus what the network says of the
weeks ahead. Effects are sums of global, department, category, subcategory and product terms
with Gaussian priors; both elasticities are at most 0 by construction. They are learnt before
everything else (`conditional`) and stay as they are while the network learns.

The network learns how products sell while they are on sale; the forecast multiplies that by
the chance that the product still is (`alive`).

Everything the effects do not say comes from `network.Network`.
"""

from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import ops

from ml.demand.data.covariates import CALENDAR, CONTEXT, EFFECTS, HISTORY
from ml.demand.data.panel import STATIC
from ml.demand.network.encoder import Network
from ml.demand.network.priors import PRIOR_SD, STARTS, TERMS

Tensor = Any  # Keras has no type for one

LEVELS = (4, 8, 13, 10_000)  # weeks; the last is the whole history
GROUPS = 2  # of `STATIC` that the network embeds: department and category
SMOOTHING = 0.5  # units and weeks added to a level, so that an empty one has a logarithm
REGULAR = EFFECTS.index("regular")
ALIVE = HISTORY.index("log_alive")
DAYS = [CONTEXT.index(name) for name in CALENDAR]
LOG_UNITS = (-8.0, 16.0)
LOG_DISPERSION = (-4.0, 6.0)
WEIGHT = 0.5  # power of the mean by which a week counts in training


@keras.saving.register_keras_serializable("promoloop")
class PooledEffects(keras.layers.Layer):
    """Each product's terms: a global value plus one deviation a level of the hierarchy.

    `calendar` holds the effects of `CALENDAR`, one number each for all products.

    Beside the network the log dispersion alone learns. Its deviations' Gaussian priors enter as a
    penalty per observation, so the fit is the posterior mode. Code 0 is a product or group never
    trained on: its deviation is 0. Weights are the terms over `speed`: so much faster than a
    network does the dispersion learn.
    """

    def __init__(
        self, sizes: list[int], observations: int, speed: float = 10.0, **kwargs: Any
    ) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.sizes, self.observations, self.speed = list(sizes), observations, speed

    def build(self, input_shape: Tensor) -> None:
        self.start = self.add_weight((len(TERMS),), "zeros", name="start")
        self.deviations = [
            self.add_weight((size + 1, len(TERMS)), "zeros", name=level)
            for level, size in zip(STATIC, self.sizes, strict=True)
        ]
        self.calendar = self.add_weight((len(CALENDAR),), "zeros", name="calendar", trainable=False)

    def call(self, codes: Tensor) -> Tensor:
        priors = zip(self.deviations, PRIOR_SD.values(), strict=True)
        own = len(EFFECTS)  # the dispersion's column
        penalty = sum(ops.sum((self.speed * d[:, own:] / sd) ** 2) / 2 for d, sd in priors)
        self.add_loss(penalty / self.observations)
        total = self.start + sum(
            ops.take(d, codes[:, level], axis=0) for level, d in enumerate(self.deviations)
        )
        terms = ops.convert_to_tensor(STARTS) + self.speed * total
        return ops.concatenate([ops.stop_gradient(terms[:, :own]), terms[:, own:]], axis=-1)

    def get_config(self) -> dict[str, Any]:
        own = ("sizes", "observations", "speed")
        return super().get_config() | {name: getattr(self, name) for name in own}


@keras.saving.register_keras_serializable("promoloop")
class StructuredDemand(keras.Model):
    """Units of every product, from every week, for each of `horizon` weeks ahead.

    Args:
        vocabulary: the known values of each of `STATIC`, in code order from 1.
        observations: product-weeks trained on, against which the priors weigh.
        horizon: weeks ahead.
        width: of the network.
        speed: how much faster than the network the products' dispersions learn.
        size_scale: factor on the negative binomial's dispersion, from calibration.
    """

    def __init__(
        self,
        vocabulary: dict[str, list[str]],
        observations: int,
        horizon: int,
        width: int = 64,
        speed: float = 10.0,
        size_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.vocabulary, self.observations = vocabulary, observations
        self.horizon, self.width = horizon, width
        self.speed, self.size_scale = speed, size_scale
        sizes = [len(vocabulary[level]) for level in STATIC]
        self.effects = PooledEffects(sizes, observations, speed, name="effects")
        read = 3 + len(LEVELS) + len(EFFECTS) + len(CONTEXT) + ALIVE
        shape = (sizes[:GROUPS], read, len(CONTEXT), horizon, len(LEVELS) + 2, width)
        self.network = Network(*shape, name="network")

    def build(self, input_shape: Tensor = None) -> None:
        """Create every weight: the shapes do not depend on the data, so a loaded file has them."""
        self.effects.build((None, len(STATIC)))
        self.network.build()
        self.built = True

    def build_from_config(self, config: dict[str, Any]) -> None:
        self.build()

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """(N, W, horizon, 2) log mean and dispersion; in training as if all were on sale still."""
        units, codes = inputs["units"], ops.cast(inputs["codes"], "int32")
        weeks = units.shape[1]
        terms = self.effects(codes)
        each = inputs["effects"] * coefficients(terms)[:, None, :]
        days = ops.sum(ops.take(inputs["context"], DAYS, axis=-1) * self.effects.calendar, axis=-1)
        effect = ops.sum(each[:, :weeks], axis=-1) + days[:, :weeks]
        levels = adjusted_levels(units, inputs["started"], effect)
        features = self._features(inputs, levels, effect)
        planned = self._planned(each, days, weeks)
        dispersion = terms[:, -1][:, None, None]
        out = self.network(features, inputs["context"], codes[:, :GROUPS])
        mixed = ops.sum(ops.softmax(out[..., :-2]) * ops.expand_dims(levels, 2), axis=-1)
        log_mean = ops.clip(mixed + out[..., -2] + planned, *LOG_UNITS)
        log_dispersion = ops.clip(dispersion + out[..., -1], *LOG_DISPERSION)
        if not training:
            log_mean = log_mean + inputs["history"][..., ALIVE, None]
            log_dispersion = log_dispersion + float(np.log(self.size_scale))
        return ops.stack([log_mean, log_dispersion], axis=-1)

    def _planned(self, each: Tensor, days: Tensor, weeks: int) -> Tensor:
        """(N, W, horizon) effects of the weeks ahead, their calendar's too.

        The regular price stays what it is now: the data know a later one only where something sold.
        """
        regular = each[..., REGULAR]
        effects_ahead = ops.sum(each, axis=-1) - regular + days
        ahead = [effects_ahead[:, h : weeks + h] for h in range(1, self.horizon + 1)]
        return ops.stack(ahead, axis=2) + regular[:, :weeks, None]

    def _features(self, inputs: dict[str, Tensor], levels: Tensor, effect: Tensor) -> Tensor:
        """What the network reads of each week: (N, W, numbers)."""
        units, weeks = inputs["units"], effect.shape[1]
        longest = levels[..., -1:]
        surprise = ops.log1p(units) - ops.log1p(ops.exp(levels[..., 2] + effect))
        surprise = surprise * inputs["in_stock"]
        read = [
            ops.stack([surprise, ops.log1p(units), inputs["started"]], axis=-1),
            levels[..., :-1] - longest,
            longest,
            inputs["effects"][:, :weeks],
            inputs["context"][:, :weeks],
            inputs["history"][..., :ALIVE],
        ]
        return ops.concatenate(read, -1)

    def codes(self, products: pd.DataFrame) -> np.ndarray:
        """(N, 4) codes of the products' `STATIC` attributes; 0 where never trained on."""
        columns = [
            pd.Index(self.vocabulary[s]).get_indexer(pd.Index(products[s])) + 1 for s in STATIC
        ]
        return np.stack(columns, axis=1).astype("int32")

    def get_config(self) -> dict[str, Any]:
        own = ("vocabulary", "observations", "horizon", "width", "speed", "size_scale")
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
    """Negative log likelihood of units (…, 1) given log mean and log dispersion (…, 2).

    A week counts by the square root of what is expected of it: by likelihood alone one of 2 units
    counts like one of 200, and what is wrong in units is mostly wrong in the second.
    """

    def __init__(self, name: str = "negative_binomial") -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        units, log_mean, log_dispersion = y_true[..., 0], y_pred[..., 0], y_pred[..., 1]
        dispersion = ops.exp(log_dispersion)
        log_total = ops.logaddexp(log_mean, log_dispersion)
        likelihood = (
            tf.math.lgamma(units + dispersion)
            - tf.math.lgamma(dispersion)
            - tf.math.lgamma(units + 1.0)
            + units * (log_mean - log_total)
            + dispersion * (log_dispersion - log_total)
        )
        weight = ops.exp(WEIGHT * ops.stop_gradient(log_mean))
        return -likelihood * weight / ops.mean(weight)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}
