"""The peers' lock file goes with the main one."""

from ml.settings import PROJECT


def test_the_bench_lock_pins_hashes_and_changes_no_pin_of_the_main_lock():
    bench, main = (
        (PROJECT / name).read_text() for name in ("requirements-bench.lock", "requirements.lock")
    )

    def pins(text):
        lines = [line.split()[0] for line in text.splitlines() if "==" in line and line[0] != "#"]
        return dict(line.split("==") for line in lines)

    assert "://" not in bench
    assert bench.count("--hash=sha256:") >= len(pins(bench))
    both = pins(bench).keys() & pins(main).keys()
    assert {n: pins(bench)[n] for n in both} == {n: pins(main)[n] for n in both}
    assert len(both) > 10
