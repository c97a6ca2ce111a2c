"""Load, once, the libraries that every task needs.

The scheduler and the DAG processor fork a process for each task and each parse; what they
have loaded themselves the fork need not load again (a second of CPU each). Only libraries:
our own code is read afresh by every task, so that a change needs no restart.
"""

import sys

if sys.argv[1:2] in (["scheduler"], ["dag-processor"]):
    import cosmos.airflow.task_group
    import cosmos.operators.watcher
    import dbt.adapters.duckdb
    import dbt.cli.main
    import great_expectations
    import pandas as pd
    import pyarrow.parquet as pq
    from airflow.providers.apache.spark.operators import spark_submit
    from airflow.providers.standard.operators import empty, python

    LOADED = (cosmos, dbt, great_expectations, pd, pq, spark_submit, empty, python)
