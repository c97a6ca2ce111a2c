"""The planned day that the page shows."""

import planned_day

plan_day = planned_day.plan_day
