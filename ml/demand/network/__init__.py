"""The demand network: encoder, structured effects, hyperparameters."""
