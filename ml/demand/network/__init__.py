"""The demand network: encoder, structured effects, hyperparameters."""

NAME = "demand"  # of the registered model
