#!/bin/sh
# Runs once, on an empty server: a database and a login for the hub, and one for Airflow.
# The hub's login makes the roles of docs/roles.md itself (svod init), hence CREATEROLE.
set -eu
export SECRETS="${SECRETS:-/run/secrets}"
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set svod_password `cat "$SECRETS/svod_password"`
\set airflow_password `cat "$SECRETS/airflow_password"`
CREATE ROLE svod LOGIN CREATEROLE PASSWORD :'svod_password';
CREATE ROLE airflow LOGIN PASSWORD :'airflow_password';
CREATE DATABASE svod OWNER svod;
CREATE DATABASE airflow OWNER airflow;
REVOKE CONNECT ON DATABASE svod FROM PUBLIC;
REVOKE CONNECT ON DATABASE airflow FROM PUBLIC;
SQL
