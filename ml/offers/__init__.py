"""Which customer gets which offer: uplift, sensitivity, fatigue and the allocation of a budget."""
