"""The page on which a plan is read, edited and approved, shown inside Airflow."""
