"""Every case of the benchmark, at a ten-thousandth of its size."""

import json
from contextlib import contextmanager

from benchmarks.plan import __main__ as benchmark
from benchmarks.plan import cluster
from benchmarks.plan.cases import CASES, audience_1m

SHARE = 0.0001
QUICK = """
spark.sql.shuffle.partitions 2
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
"""


def test_every_case_on_one_machine_runs_and_breaks_no_limit(monkeypatch, capsys):
    cases = [name for name in CASES if name != audience_1m.__name__]
    monkeypatch.setattr("sys.argv", ["plan", "--share", str(SHARE), "--only", *cases])

    benchmark.main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report.keys() == {*cases, "violations"}
    assert report["violations"] == 0
    assert report["slots_10k"]["gap_to_milp"] < 1e-4


def test_the_job_that_is_submitted_gives_the_offers_of_one_machine(tmp_path, monkeypatch):
    (tmp_path / "spark-defaults.conf").write_text(QUICK)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))

    @contextmanager
    def one_process(root):
        yield "local[2]"

    monkeypatch.setattr(cluster, "_cluster", one_process)

    figures = audience_1m(SHARE)

    assert figures["violations"] == 0
    assert figures["spark_diff"] < 1e-4
