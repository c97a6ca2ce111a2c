"""A small shop with a planned day, for every stage after the models."""

import planned_day

plan_day = planned_day.plan_day
segmented = planned_day.segmented
shop = planned_day.shop
