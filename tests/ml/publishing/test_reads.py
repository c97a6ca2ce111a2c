"""Making a release reads each table of the lake once."""

from datetime import date

from counted_reads import read_twice

from ml.publishing.approval import propose

DAY = date(2017, 12, 4)


def test_a_release_reads_no_table_twice(plan_day, segmented, reads):
    plan_day(DAY)
    segmented(DAY)
    reads.clear()

    propose(DAY, "Ada")

    assert f"promotions/plan@{DAY}" in reads
    assert any(name.startswith("affinity/") for name in reads)
    assert read_twice(reads) == []
