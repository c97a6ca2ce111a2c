"""How the demand network is fitted: examples, early stopping, warm start, resumption."""
