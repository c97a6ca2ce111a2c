"""One small Spark session for all Spark tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ml.settings import settings


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config(
        "spark.driver.bindAddress", "127.0.0.1"
    )
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "2")
    builder = builder.config("spark.default.parallelism", "2")
    builder = builder.config("spark.sql.adaptive.enabled", "false")
    builder = builder.config("spark.sql.codegen.wholeStage", "false")  # tiny frames: interpret
    builder = builder.config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    builder = builder.config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
    with builder.config("spark.sql.session.timeZone", "UTC").getOrCreate() as session:
        session.sparkContext.addPyFile(str(Path(__file__).with_name("small_purchases.py")))
        yield session


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One state folder for the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("PROMOLOOP_HOME", str(home))
        settings.cache_clear()
        yield home
    settings.cache_clear()
