import ctypes
import os
import subprocess
import sys

import numpy as np
from scipy.optimize import Bounds, LinearConstraint

from ml.settings import PROJECT
from ml.solver.highs import silent, solve_milp

PRINTS = """
import ctypes
from ml.solver.highs import silent
library = ctypes.CDLL(None)
with silent():
    library.puts(b"for developers")
library.puts(b"for users")
"""


def test_what_native_code_prints_is_dropped_and_what_comes_after_is_not():
    # a process of its own, whose C library keeps what is printed to a pipe until it is flushed
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", PRINTS], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == "for users\n"


def test_the_output_comes_back_after_an_error(capfd):
    try:
        with silent():
            raise ValueError
    except ValueError:
        ctypes.CDLL(None).puts(b"still here")
        ctypes.CDLL(None).fflush(None)

    assert capfd.readouterr().out == "still here\n"


def test_a_knapsack_is_filled_with_whole_things():
    worth = np.array([6.0, 10.0, 12.0])
    room = LinearConstraint(np.array([[1.0, 2.0, 3.0]]), ub=5)

    solved = solve_milp(-worth, integrality=np.ones(3), bounds=Bounds(0, 1), constraints=room)

    assert solved.x.round().tolist() == [0, 1, 1]
