"""The plan solvers beside their peers, on instances made here from a seed."""
