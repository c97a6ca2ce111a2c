"""The type of the arrays that models and the solver pass on."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
