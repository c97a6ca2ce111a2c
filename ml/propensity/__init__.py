"""How likely customers are to buy of each category, with an offer and without."""
