"""Why each line is in the plan, and what else could have been."""
