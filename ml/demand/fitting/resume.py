"""Where a fit's progress is kept, so that a killed one resumes."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import lake
from ml.demand.data.panel import GRIDS, Panel
from ml.demand.network.structured import StructuredDemand


def fit_folder(
    folder: Path | None, panel: Panel, model: StructuredDemand, *told: Any
) -> Path | None:
    """Where a fit's progress is kept: named by data, code, first weights and all it was told."""
    if folder is None:
        return None
    digest = hashlib.sha256(repr((lake.code_version(), *told)).encode())
    digest.update(pd.util.hash_pandas_object(panel.products, index=False).to_numpy().tobytes())
    for array in (panel.weeks, panel.holiday, *(getattr(panel, name) for name in GRIDS)):
        digest.update(np.ascontiguousarray(array).tobytes())
    for weights in model.get_weights():
        digest.update(weights.tobytes())
    return folder / digest.hexdigest()[:16]
