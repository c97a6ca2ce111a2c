"""One small Spark session for all tests of the folder."""

import spark_session

spark = spark_session.spark
shared_home = spark_session.shared_home
