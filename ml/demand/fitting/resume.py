"""Where a fit's progress lies, so that a killed one resumes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ml.demand.data.panel import GRIDS, Panel
from ml.demand.network.structured import StructuredDemand
from ml.models.checkpoints import progress_folder


def fit_folder(
    folder: Path | None, panel: Panel, model: StructuredDemand, *settings: object
) -> Path | None:
    """The folder of a fit: named by data, code, first weights and settings; None for none."""
    if folder is None:
        return None
    return progress_folder(folder, *settings, contents=_contents(panel, model))


def _contents(panel: Panel, model: StructuredDemand) -> Iterator[bytes]:
    yield pd.util.hash_pandas_object(panel.products, index=False).to_numpy().tobytes()
    for array in (panel.weeks, panel.holiday, *(getattr(panel, name) for name in GRIDS)):
        yield np.ascontiguousarray(array).tobytes()
    for weights in model.get_weights():
        yield weights.tobytes()
