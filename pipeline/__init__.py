"""Floor 3: one step, one file, one verb; no Airflow."""
