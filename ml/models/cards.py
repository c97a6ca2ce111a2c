"""What model cards share: Markdown tables and a network's size."""

import keras
import pandas as pd


def markdown(frame: pd.DataFrame) -> str:
    lines = [list(map(str, frame.columns)), ["---"] * frame.shape[1]]
    lines += [list(map(str, row)) for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def size_mb(model: keras.Model) -> float:
    """Megabytes of its parameters, as float32."""
    return 4 * model.count_params() / 1e6
