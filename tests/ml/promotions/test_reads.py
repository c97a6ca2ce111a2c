"""A task reads each table of the lake once and hands it on."""

from counted_reads import read_twice
from segmented_shop import SEEKERS, write_customers
from small_shop import AS_OF

from ml import lake
from ml.contracts.outputs import PLAN
from ml.promotions.gate import gate_plan
from ml.promotions.plan import write_plan


def test_the_counter_sees_a_table_that_is_read_twice(shop, reads):
    shop()
    write_plan(AS_OF)
    reads.clear()

    lake.read(PLAN, AS_OF, ["product_id"])
    lake.read(PLAN, AS_OF)

    assert read_twice(reads) == [f"promotions/plan@{AS_OF}"]


def test_planning_and_its_gate_read_no_table_twice(shop, reads):
    shop(audiences=[SEEKERS], objective={"retention": 0.5})
    write_customers()

    write_plan(AS_OF)
    assert f"demand/forecasts@{AS_OF}" in reads
    assert read_twice(reads) == []
    reads.clear()
    gate_plan(AS_OF)
    assert f"promotions/plan@{AS_OF}" in reads
    assert read_twice(reads) == []
