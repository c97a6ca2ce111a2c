"""The learnt half of the demand model: what history and context say of the weeks ahead."""

from typing import Any

import keras
import numpy as np
from keras import ops

Tensor = Any  # Keras has no type for one

STATIC_WIDTH = 8


@keras.saving.register_keras_serializable("promoloop")
class Network(keras.layers.Layer):
    """From every week of a history, `outputs` numbers for each of `horizon` weeks ahead.

    An LSTM runs once over the history; a dense layer joins its state with the planned
    context of each week ahead. It starts at zero, which leaves the structured part alone.

    Args:
        groups: number of departments and of categories; code 0 is one never trained on.
        read: numbers read of each week of the history.
        context: numbers known of each week ahead.
        horizon: weeks ahead.
        outputs: numbers returned for each.
        width: of the LSTM and of the dense layer.
    """

    def __init__(
        self,
        groups: list[int],
        read: int,
        context: int,
        horizon: int,
        outputs: int,
        width: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.groups, self.read, self.context = list(groups), read, context
        self.horizon, self.outputs, self.width = horizon, outputs, width
        layer = keras.layers
        self.embeddings = [layer.Embedding(size + 1, STATIC_WIDTH) for size in groups]
        self.encoder = layer.LSTM(width, return_sequences=True)
        self.hidden = layer.Dense(width)
        self.planned = layer.Dense(width, use_bias=False)
        self.head = layer.Dense(outputs, kernel_initializer="zeros")

    def build(self, input_shape: Tensor = None) -> None:
        """Create every weight: the shapes do not depend on the data, so a loaded file has them."""
        for embedding in self.embeddings:
            embedding.build((None,))
        read = self.read + len(self.groups) * STATIC_WIDTH
        self.encoder.build((None, None, read))
        self.hidden.build((None, None, self.width + read))
        self.planned.build((None, None, None, self.context + 1))
        self.head.build((None, None, None, self.width))
        self.built = True

    def call(self, features: Tensor, context: Tensor, codes: Tensor) -> Tensor:
        """`features` (N, W, read), `context` (N, >= W + horizon, context), `codes` (N, groups)."""
        weeks = features.shape[1]
        static = [embed(codes[:, k]) for k, embed in enumerate(self.embeddings)]
        static = ops.repeat(ops.concatenate(static, -1)[:, None, :], weeks, axis=1)
        features = ops.concatenate([ops.cast(features, self.compute_dtype), static], -1)
        state = ops.concatenate([self.encoder(features), features], -1)
        plan = self.planned(self._plan(context, weeks))
        hidden = ops.gelu(ops.expand_dims(self.hidden(state), 2) + plan)
        return ops.cast(self.head(hidden), "float32")

    def _plan(self, context: Tensor, weeks: int) -> Tensor:
        """The weeks ahead's context and how far ahead they lie: (N, W, horizon, context + 1)."""
        ahead = [context[:, h : weeks + h] for h in range(1, self.horizon + 1)]
        far = [ops.full_like(week[..., :1], np.log(h)) for h, week in enumerate(ahead, start=1)]
        return ops.concatenate([ops.stack(ahead, axis=2), ops.stack(far, axis=2)], -1)

    def get_config(self) -> dict[str, Any]:
        own = ("groups", "read", "context", "horizon", "outputs", "width")
        return super().get_config() | {name: getattr(self, name) for name in own}
