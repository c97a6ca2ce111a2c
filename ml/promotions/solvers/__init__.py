"""Other ways to solve the plan problem, to compare with: `solve(problem) -> choice`."""
