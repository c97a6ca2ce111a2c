"""Panels with known elasticity, and a small untrained model."""

import demand_shop

drafted = demand_shop.drafted
shop = demand_shop.shop
