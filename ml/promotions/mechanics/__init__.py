"""How a promotion may be offered: each mechanic with its economics, on one scale."""
