"""The cluster's allocation of offers is the one machine's."""

import numpy as np
import pytest

from benchmarks.plan import allocate_offers
from benchmarks.plan.allocate_offers import allocate
from ml.errors import InfeasibleError
from ml.offers.allocation import allocate as on_one_machine

COLUMNS = "customer_id string, value array<double>, cost array<double>, cap int"


def instance(count, seed=5, offers=4):
    rng = np.random.default_rng(seed)
    value, cost = rng.normal(0.3, 1, (count, offers)), rng.uniform(0.1, 1, (count, offers))
    value[rng.random(value.shape) < 0.1] = -np.inf
    return value, cost, rng.integers(0, 3, count)


def frame(spark, value, cost, cap):
    rows = zip(value.tolist(), cost.tolist(), cap.tolist(), strict=True)
    data = [(f"c{k:05}", *row) for k, row in enumerate(rows)]
    return spark.createDataFrame(data, COLUMNS).repartition(3)


def test_few_customers_get_the_same_offers_on_a_cluster(spark):
    budget = 12.0
    value, cost, cap = instance(100)
    here = on_one_machine(value, cost, cap, budget)

    assigned, outcome = allocate(frame(spark, value, cost, cap), budget)

    rows = sorted(assigned.collect(), key=lambda row: row["customer_id"])
    assert [row["offers"] for row in rows] == [np.flatnonzero(t).tolist() for t in here.taken]
    assert outcome.objective == pytest.approx(here.objective, rel=1e-9)
    assert outcome.cost == pytest.approx(cost[here.taken].sum())
    assert outcome.cost <= budget
    assert outcome.bound == pytest.approx(here.bound)


def test_many_customers_start_from_the_price_of_a_sample(spark, monkeypatch):
    monkeypatch.setattr(allocate_offers, "SAMPLE", 500)
    value, cost, cap = instance(3_000)
    here = on_one_machine(value, cost, cap, 300.0)

    _, outcome = allocate(frame(spark, value, cost, cap), 300.0)

    assert outcome.objective == pytest.approx(here.objective, rel=1e-6)
    assert outcome.cost <= 300.0


def test_a_negative_budget_is_refused(spark):
    with pytest.raises(InfeasibleError, match="budget is -1"):
        allocate(frame(spark, *instance(4)), -1.0)
