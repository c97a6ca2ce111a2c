"""What the demand model is trained on: panels, covariates, stock-outs, price depths."""
