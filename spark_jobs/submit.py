"""How the jobs are submitted: the settings the DAG hands to `spark-submit`.

Sized for one machine with two cores; a larger cluster overrides them in the DAG.
"""

import sys

from ml.settings import settings

DRIVER_MEMORY = "1g"
EXECUTOR_MEMORY = "2g"
EXECUTOR_CORES = 2
STARTS_SOONER = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
ARCHIVED = f"-XX:SharedArchiveFile={settings().spark_classes}"  # ignored where there is none
CONF = {
    "spark.driver.extraJavaOptions": f"{STARTS_SOONER} {ARCHIVED}",
    "spark.executor.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -XX:+UseParallelGC {ARCHIVED}",
    "spark.log.level": "WARN",
    "spark.sql.adaptive.enabled": "false",  # small frames: replanning costs more than it saves
    "spark.cores.max": str(EXECUTOR_CORES),  # one executor: shuffles keep their order
    "spark.pyspark.python": sys.executable,
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000",  # landed days: list at once
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
