"""Priors of elasticities and of display and mailer lifts, and how far a level may stray."""

from ml.demand.data.covariates import EFFECTS

TERMS = (*EFFECTS, "log_dispersion")

# In the order of TERMS. Elasticities are minus the softplus: price -1.6, regular price -0.9. Lifts
# are added to the log mean in full support: display 0.8, mailer 0.3.
STARTS = (1.37, 0.38, 0.8, 0.3, 1.0)

# Standard deviation of each level's deviation from the level above it, on the scale of STARTS.
PRIOR_SD = {"department": 0.5, "category": 0.5, "subcategory": 0.4, "product_id": 0.4}
