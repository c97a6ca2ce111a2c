"""Jobs submitted to the Spark cluster, one module a job."""
