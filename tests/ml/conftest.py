"""A small shop with a planned day, for every stage after the models."""

import counted_reads
import planned_day

plan_day = planned_day.plan_day
segmented = planned_day.segmented
shop = planned_day.shop
reads = counted_reads.reads
