"""The demand model: history to forecast and price response."""

NAME = "demand"  # of the registered model
