"""Floor 3: the steps, in a package for each process, and what all of them need; no Airflow."""
