"""Lake partitions as Spark frames: read through manifests, written whole and repeatably."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

from ml import lake
from ml.contracts.table import Table
from ml.lake import Manifest
from ml.settings import settings

SPARK: dict[str, t.DataType] = {
    "string": t.StringType(),
    "int64": t.LongType(),
    "double": t.DoubleType(),
    "money": t.DecimalType(18, 2),
    "date": t.DateType(),
    "timestamp": t.TimestampNTZType(),
    "bool": t.BooleanType(),
    "factors": t.ArrayType(t.FloatType()),
}


@contextmanager
def session(name: str) -> Iterator[SparkSession]:
    """The Spark session of a submitted job; only what results depend on is set here."""
    builder = SparkSession.builder.appName(name).config("spark.sql.session.timeZone", "UTC")
    with builder.getOrCreate() as spark, checkpointed(spark):
        yield spark


@contextmanager
def checkpointed(spark: SparkSession) -> Iterator[None]:
    """Long lineages are cut by files beside the lake, which every executor reaches."""
    settings().lake.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".checkpoints-", dir=settings().lake) as folder:
        spark.sparkContext.setCheckpointDir(folder)
        yield


def read(spark: SparkSession, table: Table, *days: date) -> DataFrame:
    """The rows of the given partitions, typed as the contract says."""
    paths = [str(path) for day in days for path in lake.files(table, day)]
    if not paths:
        return spark.createDataFrame([], schema(table))
    return spark.read.schema(schema(table)).parquet(*paths)


def schema(table: Table) -> t.StructType:
    return t.StructType([t.StructField(c.name, SPARK[c.kind]) for c in table.columns])


def write(
    table: Table,
    as_of: date,
    frame: DataFrame,
    made_from: Mapping[str, str],
    parts: int = 1,
    models: Mapping[str, str] | None = None,
) -> Manifest:
    """Replace a partition by `frame`, spread over `parts` files by the key's first column.

    Which file a row goes to and its place there follow from its key alone, so the same
    rows give the same bytes.
    """
    columns = [frame[c.name].cast(SPARK[c.kind]).alias(c.name) for c in table.columns]
    ordered = (
        frame.select(columns).repartition(parts, table.key[0]).sortWithinPartitions(*table.key)
    )
    with lake.staging(table, as_of) as aside:
        ordered.write.parquet(str(aside / "spark"), compression="uncompressed")
        return lake.adopt(table, as_of, _rewritten(table, aside), made_from, models)


def _rewritten(table: Table, aside: Path) -> list[Path]:
    """Spark's files batch by batch through Arrow, with the contract's exact schema.

    Spark's own Parquet footers list encodings in an order that changes from one JVM to the
    next, so the same rows would not give the same bytes.
    """
    paths = []
    for part in sorted((aside / "spark").glob("part-*.parquet")):
        paths.append(aside / part.name)
        with pq.ParquetWriter(paths[-1], table.schema, compression="zstd") as out:
            for batch in pq.ParquetFile(part).iter_batches():
                out.write_table(pa.Table.from_batches([batch]).cast(table.schema))
    return paths
