"""The propensity network.

    logit p(category bought) = base(baskets, category) + lift(customer, category) * depth

`base` reads how often the customer bought the category lately, beside the whole shop, and the
state of an LSTM over the customer's baskets. `depth` is the share off the category's regular price
in the days ahead, so the probability with any offer and without one are one formula. Lifts are at
least 0; a category's deviation from the common one is shrunk, and the customer's own share of
discounts in the category moves it.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from ml.propensity.histories import HORIZONS, NUMBERS

Tensor = Any  # Keras has no type for one

HALF_LIVES = (7.0, 21.0, 63.0, 168.0)  # days
PRIOR_DAYS = 14.0  # of the shop's rate, against which the customer's own weighs
PRIOR_BASKETS = 2.0  # of an average share of discounts
USUAL_DISCOUNT = 0.15
EMBEDDED = 32
RANK = 16  # of what the state says of each category by itself
START = 0.5  # lift before softplus


@keras.saving.register_keras_serializable("promoloop")
class Propensity(keras.Model):
    """Probabilities of buying of each category after each origin.

    Args:
        categories: their names, in code order.
        width: of the LSTM.
        hidden: width of the layer that reads one category of one customer.
        shrinkage: weight of the squared deviations of categories' lifts.
    """

    def __init__(
        self,
        categories: list[str],
        width: int = 48,
        hidden: int = 32,
        shrinkage: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.categories, self.width, self.hidden = list(categories), width, hidden
        self.shrinkage = shrinkage
        layer = keras.layers
        self.bag = layer.Dense(EMBEDDED, use_bias=False)
        self.encoder = layer.LSTM(width, return_sequences=True)
        self.own = layer.Dense(hidden, use_bias=False)
        self.context = layer.Dense(hidden)
        self.taste = layer.Dense(RANK)
        self.head = layer.Dense(len(HORIZONS))

    def build(self, input_shape: Tensor = None) -> None:
        """Create every weight: the shapes do not depend on the data, so a loaded file has them."""
        count = len(self.categories)
        state = self.width + len(HALF_LIVES)
        self.bag.build((None, None, count))
        self.encoder.build((None, None, EMBEDDED + len(NUMBERS)))
        self.own.build((None, None, None, len(HALF_LIVES) + 2))
        self.context.build((None, None, state))
        self.taste.build((None, None, state))
        self.head.build((None, None, None, self.hidden))
        self.embedding = self.add_weight((count, self.hidden), "glorot_uniform", name="embedding")
        self.loadings = self.add_weight((count, RANK), "zeros", name="loadings")
        self.bias = self.add_weight((count, len(HORIZONS)), "zeros", name="bias")
        self.lift = self.add_weight((2,), "zeros", name="lift")
        self.deviation = self.add_weight((count,), "zeros", name="deviation")
        self.built = True

    def build_from_config(self, config: dict[str, Any]) -> None:
        self.build()

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """(N, O, K, horizons + 1): logits at the given `depth`, then the lift.

        Inputs as `examples.at_origins` makes them; what lies on or after an origin is not read.
        """
        age = inputs["origins"][:, :, None] - inputs["days"][:, None, :] - 1
        seen = ops.cast(age >= 0, "float32")
        own, visits, discounts = self._habits(inputs, age, seen)
        state = ops.concatenate([self._state(inputs, seen), visits], -1)
        usual = inputs["usual"]
        read = ops.concatenate([own, ops.stack([usual, discounts], -1)], -1)
        hidden = ops.gelu(self.own(read) + self.embedding + ops.expand_dims(self.context(state), 2))
        taste = ops.expand_dims(ops.matmul(self.taste(state), ops.transpose(self.loadings)), -1)
        base = ops.cast(self.head(hidden), "float32") + self.bias + usual[..., None] + taste
        lift = self._lift(discounts)[..., None]
        return ops.concatenate([base + lift * inputs["depth"], lift], -1)

    def _habits(
        self, inputs: dict[str, Tensor], age: Tensor, seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Log rates over the shop's (N, O, K, H), log visit rates (N, O, H), discounts (N, O, K).

        Purchases and days are halved every `HALF_LIVES`; the shop's rate is their prior.
        """
        far = ops.maximum(age, 0.0)
        first = ops.maximum(inputs["origins"] - inputs["days"][:, :1], 1.0)
        usual, rates, visits = ops.exp(inputs["usual"]), [], []
        for days in HALF_LIVES:
            weight = seen * ops.exp(-np.log(2) / days * far)
            observed = days / np.log(2) * (1 - ops.exp(-np.log(2) / days * first))
            bought = ops.matmul(weight, inputs["bought"])
            rate = (bought + PRIOR_DAYS * usual) / (observed + PRIOR_DAYS)[..., None]
            rates.append(ops.log(rate) - inputs["usual"])
            visits.append(ops.log((ops.sum(weight, -1) + 1) / (observed + PRIOR_DAYS)))
        saved = ops.matmul(weight, inputs["discount"]) + PRIOR_BASKETS * USUAL_DISCOUNT
        share = saved / (bought + PRIOR_BASKETS)
        return ops.stack(rates, -1), ops.stack(visits, -1), share - USUAL_DISCOUNT

    def _state(self, inputs: dict[str, Tensor], seen: Tensor) -> Tensor:
        """(N, O, width): the LSTM's state after the last basket before each origin, else zeros."""
        size = ops.sqrt(ops.maximum(ops.sum(inputs["bought"], -1, keepdims=True), 1.0))
        tokens = ops.concatenate([self.bag(inputs["bought"] / size), inputs["numbers"]], -1)
        states = ops.cast(self.encoder(tokens), "float32")
        count = ops.sum(seen, -1, keepdims=True)
        last = ops.maximum(ops.cast(count, "int32") - 1, 0)
        return ops.take_along_axis(states, last, axis=1) * ops.minimum(count, 1)

    def _lift(self, discounts: Tensor) -> Tensor:
        """At least 0: the common one, its category's deviation, the customer's own discounts."""
        self.add_loss(self.shrinkage * ops.sum(self.deviation**2))
        return ops.softplus(START + self.lift[0] + self.deviation + self.lift[1] * discounts)

    def category_lifts(self) -> np.ndarray:
        """(K,) log odds by a depth of 1, of a customer with the usual share of discounts."""
        return ops.convert_to_numpy(ops.softplus(START + self.lift[0] + self.deviation))

    def get_config(self) -> dict[str, Any]:
        own = ("categories", "width", "hidden", "shrinkage")
        return super().get_config() | {name: getattr(self, name) for name in own}


@keras.saving.register_keras_serializable("promoloop")
class KnownLogLoss(keras.losses.Loss):
    """Mean log loss of labels (…, horizons) that are known, given logits (…, horizons + 1)."""

    def __init__(self, name: str = "known_log_loss") -> None:
        super().__init__(name=name, reduction="sum_over_batch_size")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        logits, observed = y_pred[..., : len(HORIZONS)], ops.cast(y_true >= 0, "float32")
        loss = ops.softplus(logits) - y_true * logits
        share = ops.maximum(ops.mean(observed), 1e-6)
        return ops.mean(loss * observed, axis=-1) / share

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}
