"""Promoloop's domain logic: sources, contracts, demand, inventory, promotions."""
