"""The till's side of the plan: which promotions a basket takes, and what it then costs."""
