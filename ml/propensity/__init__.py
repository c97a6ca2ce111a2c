"""How likely customers are to buy of each category, with an offer and without."""

NAME = "propensity"  # of the registered model
