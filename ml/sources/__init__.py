"""Adapters that land a retailer's tables."""
