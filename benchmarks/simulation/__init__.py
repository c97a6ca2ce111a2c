"""A plan beside rivals in a simulated shop whose truth no plan knows."""
