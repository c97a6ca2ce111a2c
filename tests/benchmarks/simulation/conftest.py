"""The small shop that simulated customers buy from."""

import planned_day

plan_day = planned_day.plan_day
segmented = planned_day.segmented
shop = planned_day.shop
