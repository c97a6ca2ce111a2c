"""The shop of three categories, and a model small enough for it."""

import propensity_shop

shop = propensity_shop.shop
small = propensity_shop.small
histories = propensity_shop.histories
