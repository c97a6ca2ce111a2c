"""Mixed-integer programmes by HiGHS, without what it prints."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, milp

_one_at_a_time = threading.Lock()  # standard output belongs to the process, not to a thread


def solve_milp(cost: np.ndarray, **arguments: Any) -> OptimizeResult:
    """`scipy.optimize.milp`, silent."""
    with silent():
        return milp(cost, **arguments)


@contextmanager
def silent() -> Iterator[None]:
    """Drop what native code writes to standard output.

    HiGHS 1.12 prints a line for its developers whatever its options (ERGO-Code/HiGHS, issue
    2783). The line waits in the C library's buffer, so that is flushed before the output is back.
    """
    with _one_at_a_time:
        sys.stdout.flush()
        output = os.dup(1)
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        try:
            yield
        finally:
            ctypes.CDLL(None).fflush(None)
            os.dup2(output, 1)
            os.close(output)
