"""A Spark master and a worker of its own, to which the allocation of offers is submitted."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.plan import allocate_offers
from ml.errors import ServiceError
from ml.settings import PROJECT

HOST = "127.0.0.1"
UP_WITHIN = 120  # seconds
ROWS = 50_000  # of one row group of the job's input


def allocate_on_cluster(
    value: np.ndarray, cost: np.ndarray, cap: np.ndarray, budget: float
) -> tuple[np.ndarray, float]:
    """Offers by `benchmarks/plan/allocate_offers.py`, bool (customers, offers), and its seconds.

    Raises:
        ServiceError: the cluster did not start, or the job failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root / "offers.parquet", value, cost, cap)
        with _cluster(root) as master:
            start = time.perf_counter()
            _submit(master, root, budget)
            seconds = time.perf_counter() - start
        return _read(root / "allocation", value.shape), seconds


def _write(path: Path, value: np.ndarray, cost: np.ndarray, cap: np.ndarray) -> None:
    ids = pa.array([f"{k:09}" for k in range(len(value))])
    lists = {
        name: pa.FixedSizeListArray.from_arrays(pa.array(each.ravel()), each.shape[1]).cast(
            pa.list_(pa.float64())
        )
        for name, each in (("value", value), ("cost", cost))
    }
    table = pa.table({"customer_id": ids, **lists, "cap": pa.array(cap, pa.int32())})
    pq.write_table(table, path, row_group_size=ROWS)


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    table = pq.read_table(path, columns=["customer_id", "offers"]).combine_chunks()
    customer = np.asarray(table["customer_id"].cast(pa.int64()))
    lists = table["offers"].combine_chunks()
    given = np.repeat(customer, np.asarray(lists.value_lengths()))
    taken = np.zeros(shape, bool)
    taken[given, np.asarray(lists.flatten())] = True
    return taken


def _submit(master: str, root: Path, budget: float) -> None:
    command = [
        *(str(_home() / "bin" / "spark-submit"), "--master", master, "--driver-memory", "1g"),
        *("--executor-memory", "2g", "--conf", "spark.ui.enabled=false"),
        *("--conf", f"spark.pyspark.python={sys.executable}"),
        *("--conf", f"spark.driver.host={HOST}", "--conf", f"spark.driver.bindAddress={HOST}"),
        *(str(allocate_offers.__file__), str(root / "offers.parquet")),
        *(str(root / "allocation"), str(root / "outcome.json"), "--budget", repr(budget)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    if done.returncode:
        raise ServiceError(f"the Spark job failed; the end of its log:\n{done.stderr[-2000:]}")


@contextmanager
def _cluster(root: Path) -> Iterator[str]:
    port = _free_port()
    master, where = f"spark://{HOST}:{port}", ("--host", HOST, "--webui-port", "0")
    size = ("--cores", "2", "--memory", "3g", "--work-dir", str(root / "work"))
    started = []
    try:
        for name, arguments, message in (
            ("master.Master", (*where, "--port", str(port)), "I have been elected leader"),
            ("worker.Worker", (*where, *size, master), "registered with master"),
        ):
            log = root / f"{name}.log"
            started.append(_start(log, name, arguments))
            _wait_for(log, message)
        yield master
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _start(log: Path, name: str, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = [str(_home() / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)


def _wait_for(log: Path, message: str) -> None:
    until = time.monotonic() + UP_WITHIN
    while message not in log.read_text(errors="replace"):
        if time.monotonic() > until:
            raise ServiceError(f"Spark did not start in {UP_WITHIN} s: {log.read_text()[-2000:]}")
        time.sleep(0.5)


def _home() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ServiceError("pyspark is not installed; run `make install`")
    return Path(spec.origin).parent


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])
