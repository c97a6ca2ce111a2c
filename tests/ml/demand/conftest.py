"""Panels with known elasticity, and a small untrained model."""

import demand_shop

shop = demand_shop.shop
drafted = demand_shop.drafted
