"""What the DAG files share. Holds no DAG."""
